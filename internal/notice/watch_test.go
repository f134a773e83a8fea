package notice

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"libration/internal/text"
)

// TestWatch plays the conditions of an account and compares what is told.
func TestWatch(t *testing.T) {
	t.Parallel()
	type at struct {
		minute float64
		kind   Kind
	}
	pieces := func(away float64) (all []at) { // of each minute, for 40 minutes
		for minute := range 40 {
			all = append(all, at{float64(minute), Offline}, at{float64(minute) + away, Online})
		}
		return all
	}
	for _, tt := range []struct {
		name string
		play []at // it stays so until the next; looked at every 6 s
		want []string
	}{
		{"well", []at{{0, Online}, {60, Online}}, nil},
		{"short outage", []at{{0, Online}, {1, Offline}, {1.9, Online}, {60, Online}}, nil},
		{"outage", []at{{0, Online}, {1, Offline}, {5, Online}, {60, Online}}, []string{"2.0 offline", "5.0 online"}},
		{"short outages", []at{{0, Online}, {1, Offline}, {1.5, Online}, {2, Offline}, {2.5, Online}, {60, Online}}, nil},
		{"offline since the start", []at{{0, Offline}, {3, Online}, {60, Online}}, []string{"1.0 offline", "3.0 online"}},
		{"kicked", []at{{0, Online}, {1, Kicked}, {90, Kicked}}, []string{"1.0 kicked"}},
		{"kicked while offline", []at{{0, Online}, {1, Offline}, {3, Kicked}, {60, Kicked}}, []string{"2.0 offline", "3.0 kicked"}},
		{"code", []at{{0, Offline}, {0.1, ScanCode}, {2, Offline}, {2.1, ScanCode}, {5, Online}, {60, Online}}, []string{"0.1 scan_code", "5.0 online"}},
		{"codes without end", []at{{0, ScanCode}, {20, NeedsLogin}, {60, NeedsLogin}}, []string{"0.0 scan_code", "20.0 needs_login"}},
		{"flapping, online in the end", []at{
			{0, Online}, {1, Offline}, {3, Online}, {4, Offline}, {6, Online}, {7, Offline}, {9, Online}, {60, Online},
		}, []string{"2.0 offline", "3.0 online", "12.0 online 1 untold"}},
		{"flapping, offline in the end", []at{
			{0, Online}, {1, Offline}, {3, Online}, {4, Offline}, {60, Offline},
		}, []string{"2.0 offline", "3.0 online", "12.0 offline back 1"}},
		{"flapping, a blip when the summary is due", []at{
			{0, Online}, {1, Offline}, {3, Online}, {4, Offline}, {6, Online}, {11.9, Offline}, {12.3, Online}, {60, Online},
		}, []string{"2.0 offline", "3.0 online", "12.3 online 1 untold"}},
		{"flapping, then kicked", []at{
			{0, Online}, {1, Offline}, {3, Online}, {4, Offline}, {6, Kicked}, {60, Kicked},
		}, []string{"2.0 offline", "3.0 online", "6.0 kicked back 1 1 untold"}},
		{"away 54 s of each minute, in the end for good", append(pieces(0.9), at{40, Online}, at{60, Online}),
			[]string{"1.2 offline back 1", "41.9 online back 39"}},
		{"away half of the time, 30 s each", pieces(0.5), []string{"3.3 offline back 3"}},
		{"away for less than a third of the time", pieces(0.3), nil},
		{"outages far apart", []at{{0, Online}, {1, Offline}, {3, Online}, {30, Offline}, {33, Online}, {60, Online}},
			[]string{"2.0 offline", "3.0 online", "31.0 offline", "33.0 online"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := watcher{after: time.Minute, subjects: make(map[string]*subject)}
			begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			var got []string
			now, kind := 0, 0 // in tenths of a minute; index in play
			for last := int(10 * tt.play[len(tt.play)-1].minute); now <= last; now++ {
				for kind+1 < len(tt.play) && float64(now) >= 10*tt.play[kind+1].minute {
					kind++
				}
				n := w.look(begin.Add(time.Duration(now)*6*time.Second), 10001, Condition{Subject: "account", Kind: tt.play[kind].kind, Reason: "why"})
				if n == nil {
					continue
				}
				line := fmt.Sprintf("%.1f %s", float64(now)/10, n.Kind)
				if n.Returns > 0 {
					line += fmt.Sprintf(" back %d", n.Returns)
				}
				if n.Untold > 0 {
					line += fmt.Sprintf(" %d untold", n.Untold)
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFloods: however often it changes, what is told is bounded.
func TestFloods(t *testing.T) {
	t.Parallel()
	w := watcher{subjects: make(map[string]*subject)} // after: 0
	told, now := 0, time.Unix(1e9, 0)
	for i := range 24 * 3600 { // a day, once a second
		kind := Online
		if i%2 == 1 {
			kind = Offline
		}
		if w.look(now.Add(time.Duration(i)*time.Second), 1, Condition{Subject: "account", Kind: kind}) != nil {
			told++
		}
	}
	if most := 2 * 24 * 6; told > most || told < 24*6/2 {
		t.Errorf("told %d times in a day, want about one of each kind in ten minutes, at most %d", told, most)
	}
}

// TestReason: a new try has no reason at first, so the last one counts; the end of the
// trouble has none.
func TestReason(t *testing.T) {
	t.Parallel()
	w := watcher{after: time.Minute, subjects: make(map[string]*subject)}
	now := time.Unix(1e9, 0)
	var got []string
	for i, c := range []Condition{{Kind: Offline, Reason: "a"}, {Kind: Offline, Reason: "b"}, {Kind: Offline}, {Kind: Offline}, {Kind: Online}, {Kind: Kicked}} {
		if n := w.look(now.Add(time.Duration(i)*25*time.Second), 1, c); n != nil {
			got = append(got, string(n.Kind)+" "+n.Reason)
		}
	}
	if diff := cmp.Diff([]string{"offline b", "online ", "kicked "}, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestSubjectsAreApart(t *testing.T) {
	t.Parallel()
	w := watcher{subjects: make(map[string]*subject)}
	now := time.Unix(1e9, 0)
	for _, subject := range []string{"http 127.0.0.1:1", "http 127.0.0.1:2"} {
		if n := w.look(now, 1, Condition{Subject: subject, Kind: ServiceFailed}); n == nil || n.Subject != subject || !strings.Contains(n.Title, subject) {
			t.Errorf("%s: got %+v", subject, n)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	kinds := []Kind{Online, Offline, Kicked, NeedsLogin, ScanCode, ConfirmLogin, SolveCaptcha, CaptchaWrong, CodeDeclined, NewDevice, ServiceRunning, ServiceFailed, SignersWork, SignersDown, Unrestricted, Restricted, StoreWorks, StoreFailing, FolderWorks, FolderLost, SpaceEnough, SpaceLow, Test}
	if len(kinds) != len(wordsOf) {
		t.Errorf("there are texts of %d kinds, want %d", len(wordsOf), len(kinds))
	}
	for _, kind := range kinds {
		for _, l := range []text.Language{text.English, text.Chinese} {
			chinese := l == text.Chinese
			since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
			n := &Notice{Kind: kind, Account: 10001, Subject: "http 127.0.0.1:1", Time: since.Add(90 * time.Second), Since: since, Reason: "100%s sure", Untold: 7, Returns: 13}
			c := Condition{Picture: "/data/qr.png"}
			if kind.urgent() {
				c.Do = "100%s this"
			}
			n.fill(l, c, "DOCTOR")
			all := n.Title + "\n" + n.Text
			for _, want := range []string{"10001", "2026-01-02 03:04:05", "2026-01-02 03:05:35", "1m30s", "100%s sure", "7", "13", "/data/qr.png"} {
				if !strings.Contains(all, want) {
					t.Errorf("%s, Chinese %t: %q is not in\n%s", kind, chinese, want, all)
				}
			}
			if strings.Contains(all, "%!") || strings.Contains(all, "%[") || chinese != strings.ContainsFunc(n.Title, isHan) || !chinese && strings.ContainsFunc(all, isHan) {
				t.Errorf("%s, Chinese %t: got\n%s", kind, chinese, all)
			}
			if !kind.well() && !strings.Contains(n.Text, text.T("What to do: ", "建议：").In(l)) {
				t.Errorf("%s, Chinese %t: it does not say what to do:\n%s", kind, chinese, n.Text)
			}
		}
	}
	n := &Notice{Kind: Kicked}
	n.fill(text.English, Condition{}, "")
	if !strings.Contains(n.Title, "account (not logged in yet)") {
		t.Errorf("without an account: %s", n.Title)
	}
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

func TestCode(t *testing.T) {
	t.Parallel()
	for _, include := range []bool{false, true} {
		w := watcher{includeQR: include, subjects: make(map[string]*subject)}
		n := w.look(time.Unix(1e9, 0), 1, Condition{Subject: "account", Kind: ScanCode, QR: "https://txz.qq.com/p?k=x", Picture: "/data/qr.png"})
		if n == nil || (n.QR != "") != include || strings.Contains(n.Text, "txz.qq.com") || !strings.Contains(n.Text, "/data/qr.png") {
			t.Errorf("include %t: got %+v", include, n)
		}
	}
}
