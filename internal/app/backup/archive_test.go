package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// kept is a receiver that keeps what it gets.
type kept struct {
	m     *manifest
	files map[string]string
	ended bool
}

func (k *kept) begin(m *manifest) error {
	k.m, k.files = m, make(map[string]string)
	return nil
}

func (k *kept) file(f *backedFile, content io.Reader) error {
	b, err := io.ReadAll(content)
	k.files[f.Path] = string(b)
	return err
}

func (k *kept) end() error {
	k.ended = true
	return nil
}

func fileOf(path, content string) source {
	sum := sha256.Sum256([]byte(content))
	return source{backedFile{path, int64(len(content)), hex.EncodeToString(sum[:])},
		func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

func manifestOf(files ...source) *manifest {
	m := &manifest{Format: format, Version: "v1", Created: time.Unix(1700000000, 0).UTC(), Accounts: []backedAccount{{Folder: "10001", Name: "10001", UIN: 10001}}}
	for _, f := range files {
		m.Files = append(m.Files, f.backedFile)
	}
	return m
}

func archiveOf(t testing.TB, m *manifest, files ...source) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(t.Context(), &b, m, files); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func good(t testing.TB) (*manifest, []source) {
	t.Helper()
	files := []source{
		fileOf(configName, "account: {uin: 10001}\n"), fileOf("accounts/10001/progress.json", "{}"),
		fileOf("accounts/10001/messages.db", strings.Repeat("messages", 10000)), fileOf("accounts/10001/keystore.json", `{"uin":10001}`),
	}
	return manifestOf(files...), files
}

func TestArchive(t *testing.T) {
	t.Parallel()
	m, files := good(t)
	k := &kept{}
	if err := read(t.Context(), bytes.NewReader(archiveOf(t, m, files...)), k); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, k.m); diff != "" {
		t.Errorf("manifest: want -, got +\n%s", diff)
	}
	if !k.ended || len(k.files) != 4 || k.files["accounts/10001/keystore.json"] != `{"uin":10001}` {
		t.Errorf("ended %t, files %q", k.ended, slices.Collect(maps.Keys(k.files)))
	}
}

// TestHostileArchives: nothing but what Make writes is taken, and the end is never reached.
func TestHostileArchives(t *testing.T) {
	t.Parallel()
	path := func(path string) func(*manifest, []source) []source {
		return func(m *manifest, files []source) []source {
			m.Files[1].Path, files[1].Path = path, path
			return files
		}
	}
	for name, change := range map[string]func(*manifest, []source) []source{
		"above the folder":  path("accounts/../x/keystore.json"),
		"absolute":          path("/etc/passwd"),
		"not a known file":  path("accounts/10001/lock"),
		"deeper":            path("accounts/10001/x/keystore.json"),
		"unknown account":   path("accounts/10002/keystore.json"),
		"a file twice":      path("accounts/10001/keystore.json"),
		"config of account": path("accounts/10001/config.yaml"),
		"backslashes":       path(`accounts\10001\keystore.json`),
		"another content":   func(m *manifest, f []source) []source { f[2].open = f[1].open; f[2].Size = f[1].Size; return f },
		"another checksum":  func(m *manifest, f []source) []source { m.Files[2].SHA256 = m.Files[1].SHA256; return f },
		"no checksum":       func(m *manifest, f []source) []source { m.Files[2].SHA256 = ""; return f },
		"another size":      func(m *manifest, f []source) []source { m.Files[2].Size++; return f },
		"a negative size":   func(m *manifest, f []source) []source { m.Files[2].Size = -1; return f },
		"too large":         func(m *manifest, f []source) []source { m.Files[3].Size = 1 << 30; return f },
		"a file is missing": func(m *manifest, f []source) []source { return f[:3] },
		"a file too many":   func(m *manifest, f []source) []source { return append(f, f[3]) },
		"another order":     func(m *manifest, f []source) []source { f[2], f[3] = f[3], f[2]; return f },
		"config not first":  func(m *manifest, f []source) []source { m.Files[0], m.Files[1] = m.Files[1], m.Files[0]; return f },
		"folder of account": func(m *manifest, f []source) []source { m.Accounts[0].Folder = ".."; return f },
		"name of account":   func(m *manifest, f []source) []source { m.Accounts[0].Name = "a\x1b[2J"; return f },
		"account twice":     func(m *manifest, f []source) []source { m.Accounts = append(m.Accounts, m.Accounts[0]); return f },
		"format 0":          func(m *manifest, f []source) []source { m.Format = 0; return f },
		"a newer format":    func(m *manifest, f []source) []source { m.Format++; return f },
	} {
		m, files := good(t)
		files = change(m, files)
		k := &kept{}
		err := read(t.Context(), bytes.NewReader(archiveOf(t, m, files...)), k)
		if err == nil || k.ended {
			t.Errorf("%s: ended %t, %v", name, k.ended, err)
		}
		if name != "a newer format" && !errors.Is(err, errForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHostileEntries: entries that tar knows and Make does not write.
func TestHostileEntries(t *testing.T) {
	t.Parallel()
	key := fileOf("accounts/10001/keystore.json", "0123")
	for name, h := range map[string]*tar.Header{
		"link":      {Name: key.Path, Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		"hard link": {Name: key.Path, Typeflag: tar.TypeLink, Linkname: "/etc/passwd"},
		"folder":    {Name: key.Path, Typeflag: tar.TypeDir},
		"device":    {Name: key.Path, Typeflag: tar.TypeChar},
		"pipe":      {Name: key.Path, Typeflag: tar.TypeFifo},
	} {
		var b bytes.Buffer
		zip := gzip.NewWriter(&b)
		out := tar.NewWriter(zip)
		text, err := json.Marshal(manifestOf(key))
		if err == nil {
			err = out.WriteHeader(header(manifestName, int64(len(text)), time.Time{}))
		}
		if err == nil {
			_, err = out.Write(text)
		}
		if err = errors.Join(err, out.WriteHeader(h), out.Close(), zip.Close()); err != nil {
			t.Fatal(err)
		}
		if err := read(t.Context(), &b, &kept{}); !errors.Is(err, errForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDamagedArchive: whatever byte is missing or other, the end is not reached.
func TestDamagedArchive(t *testing.T) {
	t.Parallel()
	m, files := good(t)
	whole := archiveOf(t, m, files...)
	for i := range whole {
		k := &kept{}
		if err := read(t.Context(), bytes.NewReader(whole[:i]), k); err == nil || k.ended {
			t.Fatalf("the first %d of %d bytes: ended %t, %v", i, len(whole), k.ended, err)
		}
	}
	ended := 0
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 0x10
		if k := (&kept{}); read(t.Context(), bytes.NewReader(changed), k) == nil {
			ended++
			if k.files["accounts/10001/keystore.json"] != `{"uin":10001}` {
				t.Fatalf("byte %d was changed, and so is the keystore", i)
			}
		}
	}
	if ended > 16 { // flags and the time in the head of gzip mean nothing
		t.Errorf("%d changes were not noticed", ended)
	}
	if err := read(t.Context(), bytes.NewReader(append(bytes.Clone(whole), make([]byte, 100)...)), &kept{}); !errors.Is(err, errForeign) {
		t.Errorf("with more behind it: %v", err)
	}
}

func FuzzArchive(f *testing.F) {
	m, files := good(f)
	f.Add(archiveOf(f, m, files...))
	f.Add(archiveOf(f, manifestOf()))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k := &kept{}
		if err := read(t.Context(), bytes.NewReader(b), k); err != nil {
			return
		}
		for path := range k.files {
			if strings.Contains(path, "..") || strings.HasPrefix(path, "/") {
				t.Errorf("took %q", path)
			}
		}
		if !k.ended || len(k.files) != len(k.m.Files) {
			t.Errorf("ended %t with %d of %d files", k.ended, len(k.files), len(k.m.Files))
		}
	})
}

// FuzzManifest reads them without the checksums of an archive.
func FuzzManifest(f *testing.F) {
	m, _ := good(f)
	b, err := json.Marshal(m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := readManifest(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, file := range m.Files {
			if folder, name := file.split(); maxSizes[name] == 0 || strings.ContainsAny(folder, `./\`) || file.Size < 0 {
				t.Errorf("took %+v", file)
			}
		}
	})
}
