package account

import (
	"errors"
	"path/filepath"
	"slices"
	"sync"

	"libration/internal/config"
	"libration/internal/text"
	"libration/onebot"
	"libration/onebot/filter"
)

// filters are the event filters of an account's connections, by the paths of their files.
// Connections that have the same one share it.
type filters struct {
	mu    sync.Mutex // guards files
	files map[string]*filter.File
}

// load returns the filter at a path. It is read when it is needed first.
func (s *filters) load(path string) (*filter.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[path]; f != nil {
		return f, nil
	}
	f, err := filter.Load(path)
	if err != nil {
		return nil, err
	}
	if s.files == nil {
		s.files = map[string]*filter.File{}
	}
	s.files[path] = f
	return f, nil
}

// CheckFilters reads the event filters of an account's connections, as it does itself. The
// error has all that cannot be read.
func CheckFilters(cfg *config.Config) error {
	var errs []error
	read := &filters{}
	for _, c := range cfg.OneBot.Connections {
		if c.Filter == "" {
			continue
		}
		if _, err := read.load(c.Filter); err != nil {
			errs = append(errs, filterError(&c, err))
		}
	}
	return errors.Join(errs...)
}

func filterError(c *config.Connection, err error) error {
	return text.Errorf("onebot.connections: %s: filter: %v", "onebot.connections：%s：filter 无法使用：%v", c.Name(), err)
}

// ReloadFilters reads the event filters of the running connections again: that of a file,
// as the configuration names it, or all with "". It returns those that have changed. With an error the
// filters that cannot be read stay as they were; no other file is ever read.
func (a *Account) ReloadFilters(file string) (changed []string, err error) {
	p := a.running()
	if p == nil {
		return nil, nil
	}
	var used []*filter.File
	for _, c := range p.links() {
		if f, ok := c.events.Filter.(*filter.File); ok && !slices.Contains(used, f) && (file == "" || a.names(file, f.Path())) {
			used = append(used, f)
		}
	}
	if file != "" && used == nil {
		return nil, onebot.ErrOtherFilter
	}
	var errs []error
	for _, f := range used {
		is, err := f.Reload()
		if err != nil {
			errs = append(errs, err)
		} else if a.log.Info("event filter read again", "file", f.Path(), "changed", is); is {
			changed = append(changed, f.Path())
		}
	}
	return changed, errors.Join(errs...)
}

// names tells whether somebody who writes file, relative to the configuration or not, means
// the filter at a path.
func (a *Account) names(file, path string) bool {
	same := func(a, b string) bool {
		a, errA := filepath.Abs(a)
		b, errB := filepath.Abs(b)
		return errA == nil && errB == nil && a == b
	}
	return same(file, path) || !filepath.IsAbs(file) && same(filepath.Join(filepath.Dir(a.cfg.File), file), path)
}
