package media

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"libration/internal/text"
)

// Cached is a download that is on this machine. Another download may take its place in
// the cache.
type Cached struct {
	Path string // of the file, absolute if the cache's folder is
	Name string // what the address calls it, or a name of our own
	Size uint64 // in bytes
	MIME string // by its first bytes
}

// Fetch downloads an http or https address, or returns what was downloaded before. It is
// safe to ask for one address several times at once: it is downloaded once. Where no more
// caller waits, the download ends and leaves nothing. An address that may not be reached
// gives an [AddressError].
func (f *Files) Fetch(ctx context.Context, address string, o FetchOptions) (*Cached, error) {
	file, err := f.fetch(ctx, address, o)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	c := &Cached{Path: file.Name(), Size: uint64(info.Size()), MIME: sniff(file)}
	c.Name = nameOf(address, filepath.Base(c.Path))
	return c, nil
}

// fetch returns the open file.
func (f *Files) fetch(ctx context.Context, address string, o FetchOptions) (*os.File, error) {
	o.MaxSize = cmp.Or(o.MaxSize, DefaultDownload)
	o.Timeout = cmp.Or(o.Timeout, f.o.Timeout)
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, text.Errorf("the address cannot be read: write http://host/... or https://host/...", "网址无法识别：请写 http://主机/... 或 https://主机/...")
	}
	u.Fragment = ""
	id := idOf(u.String() + "\n" + written(o.Header))
	if o.NoCache {
		return f.download(ctx, u, id, o)
	}
	if file := f.o.Cache.get(id); file != nil {
		return fits(file, o.MaxSize)
	}
	path, err := f.together(ctx, u, id, o)
	if err != nil {
		return nil, err
	}
	return openRegular(path)
}

func fits(file *os.File, limit uint64) (*os.File, error) {
	info, err := file.Stat()
	if err == nil && uint64(info.Size()) > limit {
		err = tooLarge(limit)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func tooLarge(limit uint64) error {
	return because(ErrTooLarge, text.Errorf("the download is larger than %s", "下载内容超过 %s", bytesText(limit)))
}

// written is a header as a key.
func written(h http.Header) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		b.WriteString(name + ": " + strings.Join(h[name], ", ") + "\n")
	}
	return b.String()
}

// nameOf returns the last part of an address's path, where that is the name of a file.
func nameOf(address, otherwise string) string {
	u, err := url.Parse(address)
	if err != nil {
		return otherwise
	}
	name := path.Base(u.Path)
	if path.Ext(name) == "" || strings.Trim(name, ".") == "" || len(name) > 200 || strings.ContainsAny(name, `/\:*?"<>|`) || strings.ContainsFunc(name, unicode.IsControl) {
		return otherwise
	}
	return name
}
