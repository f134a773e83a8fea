package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"libration/internal/text"
)

//go:embed migrations/*.sql
var migrations embed.FS

// The memory that SQLite may use for pages, in KiB per connection.
const (
	writerCache = 4096
	readerCache = 1024
	readers     = 2
)

// prepareFile makes the file and its folder, readable by the user alone:
// SQLite would make the file with the wider rights of the umask, and gives its
// -wal and -shm files the rights of the main file.
func prepareFile(path string, log *slog.Logger) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := f.Chmod(0o600); err != nil {
			log.Warn("message store can be read by others", "path", path, "err", err)
		}
	}
	return nil
}

// openDB returns a pool of at most conns connections; nothing is opened yet.
func openDB(path string, conns, cacheKiB int, pragmas ...string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	slashed := filepath.ToSlash(abs)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/...
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: slashed}
	// Without mode=rw a connection that is opened later would make a file that was
	// removed anew, and empty.
	q := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_pragma": append([]string{
		"busy_timeout(5000)",
		fmt.Sprintf("cache_size(-%d)", cacheKiB),
		"temp_store(memory)",
		"trusted_schema(off)",
	}, pragmas...)}
	u.RawQuery = q.Encode()
	c, err := sqlite.NewConnector(u.String())
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// database is an open file: a pool for writing, one for reading, and what is asked
// of them.
type database struct {
	w, r *sql.DB
	file os.FileInfo // which one it is
	// earlier: an earlier version wrote the messages last.
	earlier bool

	insert, insertMany, putCursor  *sql.Stmt // on w
	addBlock                       *sql.Stmt // on w
	putForward, putMedium          *sql.Stmt // on w
	insertEvent, insertEvents      *sql.Stmt // on w
	byID, byNumbers, owner, taken  *sql.Stmt // on r
	through, inUse                 *sql.Stmt // on r
	trimmedByID                    *sql.Stmt // on r
	events, oldEvents, countEvents *sql.Stmt // on r
	eventMessages                  *sql.Stmt // on r
	announced, forward, medium     *sql.Stmt // on r
}

// openDatabase opens the file and brings its tables up to date, after a check if that is
// wanted. On an error everything is closed again.
func openDatabase(ctx context.Context, path string, o *Options, check bool) (*database, error) {
	d := &database{}
	var err error
	d.w, err = openDB(path, 1, writerCache,
		"auto_vacuum(incremental)", // takes effect only before the first table
		"journal_mode(wal)",
		"synchronous(normal)",
		"wal_autocheckpoint(2000)",
		"journal_size_limit(16777216)",
	)
	if err != nil {
		return nil, err
	}
	err = migrate(ctx, d.w)
	if err == nil && check {
		err = quickCheck(ctx, d.w)
	}
	if err == nil {
		d.earlier, err = moveRows(ctx, d.w, o)
	}
	if err != nil {
		return nil, errors.Join(err, d.w.Close())
	}
	d.r, err = openDB(path, readers, readerCache, "query_only(on)")
	if err != nil {
		return nil, errors.Join(err, d.w.Close())
	}
	if d.file, err = os.Stat(path); err == nil {
		err = errors.Join(d.connect(ctx), d.prepare(ctx))
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// connect opens all connections now: later another file may have this one's name.
func (d *database) connect(ctx context.Context) error {
	for range readers {
		c, err := d.r.Conn(ctx)
		if err != nil {
			return err
		}
		defer c.Close() // back to the pool, at the end
	}
	return nil
}

func (d *database) prepare(ctx context.Context) error {
	for _, p := range []struct {
		stmt **sql.Stmt
		db   *sql.DB
		text string
	}{
		{&d.insert, d.w, insertSQL + insertValues + insertUpdate},
		{&d.insertMany, d.w, insertSQL + insertValues + strings.Repeat(", "+insertValues, manyMessages-1) + insertUpdate},
		{&d.addBlock, d.w, addBlockSQL},
		{&d.owner, d.r, ownerSQL},
		{&d.taken, d.r, takenSQL},
		{&d.inUse, d.r, inUseSQL},
		{&d.insertEvent, d.w, insertEventSQL},
		{&d.insertEvents, d.w, insertEventSQL + strings.Repeat(", "+eventValues, manyEvents-1)},
		{&d.putCursor, d.w, putCursorSQL},
		{&d.putForward, d.w, putForwardSQL},
		{&d.putMedium, d.w, putMediumSQL},
		{&d.byID, d.r, byIDSQL},
		{&d.byNumbers, d.r, byNumbersSQL},
		{&d.through, d.r, throughSQL},
		{&d.trimmedByID, d.r, trimmedByIDSQL},
		{&d.events, d.r, eventsSQL},
		{&d.oldEvents, d.r, oldEventsSQL},
		{&d.eventMessages, d.r, eventMessagesSQL},
		{&d.countEvents, d.r, countEventsSQL},
		{&d.announced, d.r, announcedSQL},
		{&d.forward, d.r, forwardSQL},
		{&d.medium, d.r, mediumSQL},
	} {
		var err error
		if *p.stmt, err = p.db.PrepareContext(ctx, p.text); err != nil {
			return err
		}
	}
	return nil
}

// close ends the statements too. The last connection to close moves the WAL into
// the file and removes it.
func (d *database) close() error { return errors.Join(d.r.Close(), d.w.Close()) }

// migrate runs the migrations that the file has not seen yet.
func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	sources := p.ListSources()
	if newest := sources[len(sources)-1].Version; have > newest {
		return text.Errorf("the file has version %d, this program knows %d: use the newer program that wrote it, or move the file away", "文件版本为 %d，本程序支持 %d：请使用写出它的较新程序，或移走该文件", have, newest)
	}
	_, err = p.Up(ctx)
	return err
}
