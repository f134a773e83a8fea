package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"libration/internal/text"
)

// unit is what the figures of a row are. In their places they stand as milliseconds, seconds
// and bytes.
type unit int

const (
	each   unit = iota // a number
	millis             // milliseconds
	cpu                // seconds
	mega               // bytes, shown as MB
	octets             // bytes
)

func (u unit) show(v float64) string {
	switch u {
	case millis:
		return fmt.Sprintf("%.*f ms", decimals(v), v)
	case cpu:
		return fmt.Sprintf("%.2f s", v)
	case mega:
		return fmt.Sprintf("%.1f MB", v/1e6)
	case octets:
		return fmt.Sprintf("%.0f B", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

// decimals keeps three digits that count.
func decimals(v float64) int {
	switch {
	case v < 10:
		return 2
	case v < 100:
		return 1
	}
	return 0
}

// figures are those of a round, in the order of the table; a row without a figure could not
// be measured here.
type figures []figure

type figure struct {
	name  text.Text
	unit  unit
	value float64
	known bool
}

func (f *figures) add(name text.Text, u unit, value float64) {
	*f = append(*f, figure{name, u, value, true})
}

// addKnown adds a row that has a figure only where the system tells it.
func (f *figures) addKnown(known bool, name text.Text, u unit, value float64) {
	*f = append(*f, figure{name, u, value, known})
}

func (f *figures) addTime(name text.Text, d time.Duration) {
	f.add(name, millis, float64(d)/float64(time.Millisecond))
}

// addLatencies adds the rows of p50, p99 and p999.
func (f *figures) addLatencies(name text.Text, r *result) {
	for _, q := range []struct {
		name     string
		quantile int
	}{{"p50", 500}, {"p99", 990}, {"p999", 999}} {
		f.addTime(text.T("%s, %s", "%s，%s").Fill(name, q.name), r.quantile(q.quantile))
	}
}

// table collects the figures of all rounds. Its first column is of the earlier binary, if
// there is one, its last of this.
type table struct {
	columns []text.Text
	rows    []*row
}

type row struct {
	name   text.Text
	unit   unit
	values [][]float64 // of each column, of each round
}

// add takes what a round has measured for a column.
func (t *table) add(column int, f figures) {
	for _, one := range f {
		n := slices.IndexFunc(t.rows, func(r *row) bool { return r.name.EN == one.name.EN })
		if n < 0 {
			n = len(t.rows)
			t.rows = append(t.rows, &row{one.name, one.unit, make([][]float64, len(t.columns))})
		}
		if one.known {
			t.rows[n].values[column] = append(t.rows[n].values[column], one.value)
		}
	}
}

// write prints the medians, as a table that is one in Markdown, too.
func (t *table) write(out io.Writer, l text.Language) {
	lines := [][]string{{text.T("measure", "测量").In(l)}}
	for _, c := range t.columns {
		lines[0] = append(lines[0], c.In(l))
	}
	compared := len(t.columns) > 1
	if compared {
		lines[0] = append(lines[0], text.T("ratio", "比值").In(l))
	}
	for _, r := range t.rows {
		cells := []string{r.name.In(l)}
		for _, v := range r.values {
			if len(v) == 0 {
				cells = append(cells, "n/a")
			} else {
				cells = append(cells, r.unit.show(median(v)))
			}
		}
		if compared {
			cells = append(cells, ratio(r.values[0], r.values[1]))
		}
		lines = append(lines, cells)
	}
	widths := make([]int, len(lines[0]))
	for _, cells := range lines {
		for n, c := range cells {
			widths[n] = max(widths[n], wide(c))
		}
	}
	for n, cells := range lines {
		fmt.Fprintln(out, "| "+strings.Join(padded(cells, widths), " | ")+" |")
		if n == 0 {
			rule := "|" + strings.Repeat("-", widths[0]+2) + "|"
			for _, w := range widths[1:] {
				rule += strings.Repeat("-", w+1) + ":|"
			}
			fmt.Fprintln(out, rule)
		}
	}
}

// padded fills cells to their widths, the first at its right, others at their left.
func padded(cells []string, widths []int) []string {
	var out []string
	for n, c := range cells {
		space := strings.Repeat(" ", max(0, widths[n]-wide(c)))
		if n == 0 {
			out = append(out, c+space)
		} else {
			out = append(out, space+c)
		}
	}
	return out
}

// wide is how many columns of a terminal a text takes: a Chinese character takes two.
func wide(s string) int {
	n := 0
	for _, r := range s {
		if n++; r >= 0x2e80 {
			n++
		}
	}
	return n
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if len(v)%2 == 1 {
		return v[len(v)/2]
	}
	return (v[len(v)/2-1] + v[len(v)/2]) / 2
}

func ratio(before, now []float64) string {
	if len(before) == 0 || len(now) == 0 || median(before) == 0 {
		return "n/a"
	}
	return fmt.Sprintf("%.2f", median(now)/median(before))
}
