package bench

import (
	"strings"
	"testing"
	"time"

	"libration/internal/text"
)

func TestTable(t *testing.T) {
	t.Parallel()
	some := &table{columns: []text.Text{text.T("before", "之前"), text.T("now", "现在")}}
	for n, v := range []float64{3, 1, 2} {
		var before, now figures
		before.add(text.T("events", "事件"), each, v*1000)
		now.add(text.T("events", "事件"), each, v*1500)
		now.addTime(text.Same("p99"), time.Duration(v*float64(time.Millisecond)))
		now.addKnown(n > 0, text.Same("memory"), mega, v*1e6)
		now.addKnown(false, text.Same("never"), octets, 0)
		now.add(text.Same("CPU"), cpu, v)
		some.add(0, before)
		some.add(1, now)
	}
	for _, tt := range []struct {
		language text.Language
		want     string
	}{
		{text.English, `
| measure | before |     now | ratio |
|---------|-------:|--------:|------:|
| events  |   2000 |    3000 |  1.50 |
| p99     |    n/a | 2.00 ms |   n/a |
| memory  |    n/a |  1.5 MB |   n/a |
| never   |    n/a |     n/a |   n/a |
| CPU     |    n/a |  2.00 s |   n/a |
`},
		{text.Chinese, `
| 测量   | 之前 |    现在 | 比值 |
|--------|-----:|--------:|-----:|
| 事件   | 2000 |    3000 | 1.50 |
| p99    |  n/a | 2.00 ms |  n/a |
| memory |  n/a |  1.5 MB |  n/a |
| never  |  n/a |     n/a |  n/a |
| CPU    |  n/a |  2.00 s |  n/a |
`},
	} {
		var out strings.Builder
		some.write(&out, tt.language)
		if got := "\n" + out.String(); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		unit  unit
		value float64
		want  string
	}{
		{each, 12345.6, "12346"}, {millis, 0.123, "0.12 ms"}, {millis, 12.34, "12.3 ms"}, {millis, 1234.5, "1234 ms"},
		{cpu, 2.345, "2.35 s"}, {mega, 12345678, "12.3 MB"}, {octets, 371.2, "371 B"},
	} {
		if got := tt.unit.show(tt.value); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.value, got, tt.want)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		values []float64
		want   float64
	}{{[]float64{5}, 5}, {[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(tt.values); got != tt.want {
			t.Errorf("median of %v: got %v, want %v", tt.values, got, tt.want)
		}
	}
}
