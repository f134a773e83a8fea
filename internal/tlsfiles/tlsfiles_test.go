package tlsfiles_test

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libration/internal/text"
	"libration/internal/tlsfiles"
	"libration/internal/tlsfiles/tlsfilestest"
)

const day = 24 * time.Hour

func write(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLoadErrors: each says which key of the configuration, which file and what to do, in
// both languages.
func TestLoadErrors(t *testing.T) {
	t.Parallel()
	a, dir := tlsfilestest.NewAuthority(t), t.TempDir()
	good, other := a.Pair(t, "good"), a.Pair(t, "other")
	file := func(name string, b []byte) string { return write(t, filepath.Join(dir, name), b) }
	none := filepath.Join(dir, "none.pem")
	for name, tt := range map[string]struct {
		files tlsfiles.Files
		want  []string
	}{
		"no key":              {tlsfiles.Files{Certificate: good.Certificate}, []string{"tls.key is missing", good.Certificate}},
		"no certificate":      {tlsfiles.Files{Key: good.Key}, []string{"tls.certificate is missing", good.Key}},
		"missing certificate": {tlsfiles.Files{Certificate: none, Key: good.Key}, []string{"tls.certificate " + none + " does not exist"}},
		"missing key":         {tlsfiles.Files{Certificate: good.Certificate, Key: none}, []string{"tls.key " + none + " does not exist"}},
		"folder":              {tlsfiles.Files{Certificate: dir, Key: good.Key}, []string{"tls.certificate " + dir + " is no file"}},
		"exchanged":           {tlsfiles.Files{Certificate: good.Key, Key: good.Certificate}, []string{"tls.certificate " + good.Key, "is it the file for tls.key?"}},
		"another one's key":   {tlsfiles.Files{Certificate: good.Certificate, Key: other.Key}, []string{"tls.key " + other.Key + " is not the key of tls.certificate " + good.Certificate}},
		"no PEM":              {tlsfiles.Files{Certificate: file("der", []byte{0x30, 0x82}), Key: good.Key}, []string{"holds no certificate", "BEGIN CERTIFICATE"}},
		"broken certificate":  {tlsfiles.Files{Certificate: file("broken", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})), Key: good.Key}, []string{"cannot be read", "broken"}},
		"key without a key":   {tlsfiles.Files{Certificate: good.Certificate, Key: file("empty", nil)}, []string{"tls.key", "holds no key", "empty"}},
		"encrypted key":       {tlsfiles.Files{Certificate: good.Certificate, Key: file("pkcs8", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}))}, []string{"encrypted with a pass phrase", "openssl pkey"}},
		"encrypted, old":      {tlsfiles.Files{Certificate: good.Certificate, Key: file("old", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("x")}))}, []string{"encrypted with a pass phrase"}},
		"broken key":          {tlsfiles.Files{Certificate: good.Certificate, Key: file("bad", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}))}, []string{"tls.key", "cannot be used"}},
		"too large":           {tlsfiles.Files{CA: file("large", make([]byte, 1<<20+1))}, []string{"tls.ca", "larger than"}},
		"missing authorities": {tlsfiles.Files{CA: none}, []string{"tls.ca " + none + " does not exist"}},
		"no authorities":      {tlsfiles.Files{CA: good.Key}, []string{"tls.ca " + good.Key + " holds no certificate"}},
		"broken authorities":  {tlsfiles.Files{CA: filepath.Join(dir, "broken")}, []string{"tls.ca", "cannot be read"}},
	} {
		l, err := tt.files.Load()
		if err == nil {
			t.Errorf("%s: loaded %+v", name, l)
			continue
		}
		said := text.Of(err)
		for _, want := range tt.want {
			if !strings.Contains(said.EN, want) {
				t.Errorf("%s: got %q, want %q in it", name, said.EN, want)
			}
		}
		if said.ZH == said.EN {
			t.Errorf("%s: not in Chinese: %q", name, said.ZH)
		}
	}
	both := file("both.pem", slicesConcat(content(t, good.Key), content(t, good.Certificate)))
	for _, files := range []tlsfiles.Files{good, {Certificate: both, Key: both}, {CA: a.CA}, {}} {
		if _, err := files.Load(); err != nil {
			t.Errorf("%+v: %v", files, err)
		}
	}
}

func slicesConcat(a, b []byte) []byte { return append(append([]byte{}, a...), b...) }

func TestTerm(t *testing.T) {
	t.Parallel()
	a, now := tlsfilestest.NewAuthority(t), time.Now()
	for name, tt := range map[string]struct {
		from, to time.Duration
		said     string
		over     bool
	}{
		"fresh":          {-day, 89 * day, "", false},
		"soon":           {-80 * day, 10 * day, "ends soon", false},
		"over":           {-90 * day, -time.Minute, "out of date", true},
		"not yet":        {day, 90 * day, "valid only from", true},
		"short, fresh":   {-2 * day, 4 * day, "", false},
		"short and soon": {-5 * day, day, "ends soon", false},
	} {
		l, err := a.Issue(t, t.TempDir(), "c", now.Add(tt.from), now.Add(tt.to)).Load()
		if err != nil {
			t.Fatal(err)
		}
		said, over := tlsfiles.Term(l.Pair.Leaf, now)
		if over != tt.over || !strings.Contains(said.EN, tt.said) || (said.EN == "") != (tt.said == "") {
			t.Errorf("%s: got %q, %v", name, said.EN, over)
		}
	}
}

// TestKeeper: a new pair is taken, a broken one is not, and the log has one line about it.
func TestKeeper(t *testing.T) {
	t.Parallel()
	a, dir, now := tlsfilestest.NewAuthority(t), t.TempDir(), time.Now()
	written := 0
	touch := func(path string) { // file systems count time in milliseconds
		written++
		if err := os.Chtimes(path, now, now.Add(time.Duration(written)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	issue := func(from, to time.Duration) tlsfiles.Files {
		files := a.Issue(t, dir, "bot", now.Add(from), now.Add(to))
		touch(files.Certificate)
		touch(files.Key)
		return files
	}
	files := issue(-day, 89*day)
	var log bytes.Buffer
	k, err := tlsfiles.Keep(files, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	serial := func() string {
		c, err := k.Server().GetCertificate(&tls.ClientHelloInfo{})
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.SerialNumber.String()
	}
	lines := func(what string) int { return strings.Count(log.String(), what) }
	first := serial()
	k.Look()
	if log.Len() != 0 || serial() != first {
		t.Errorf("nothing changed: got\n%s", &log)
	}

	issue(-day, 89*day)
	k.Look()
	second := serial()
	if second == first || lines("read again") != 1 {
		t.Errorf("a new pair was not taken:\n%s", &log)
	}

	// The certificate is replaced, and its key after the next look.
	oldKey := content(t, files.Key)
	issue(-day, 88*day)
	newKey := content(t, files.Key)
	touch(write(t, files.Key, oldKey))
	k.Look()
	if serial() != second || lines("level=ERROR") != 0 {
		t.Errorf("half of a pair: got\n%s", &log)
	}
	touch(write(t, files.Key, newKey))
	k.Look()
	third := serial()
	if third == second || lines("level=ERROR") != 0 {
		t.Errorf("the other half: got\n%s", &log)
	}

	touch(write(t, files.Certificate, []byte("nothing")))
	for range 5 {
		k.Look()
	}
	if serial() != third || lines("level=ERROR") != 1 || lines("holds no certificate") != 1 || lines("stays in use") != 1 {
		t.Errorf("a broken pair: got\n%s", &log)
	}
	if err := os.Remove(files.Key); err != nil {
		t.Fatal(err)
	}
	k.Look()
	k.Look()
	if serial() != third {
		t.Error("the pair is gone with its files")
	}

	issue(-80*day, 10*day)
	for range 3 {
		k.Look()
	}
	if serial() == third || lines("has to be replaced") != 1 || lines("ends soon") != 1 {
		t.Errorf("one that ends soon: got\n%s", &log)
	}
	issue(-90*day, -day)
	k.Look()
	if lines("out of date") != 1 {
		t.Errorf("one that is over: got\n%s", &log)
	}
}
