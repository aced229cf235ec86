package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// IndexVersion is the schema this program writes.
const IndexVersion = 2

// migrations turn the schema of version i into that of version i+1.
func migrations() []string {
	return []string{
		`CREATE TABLE projects (dir TEXT PRIMARY KEY, name TEXT NOT NULL, opened INTEGER NOT NULL);
		 CREATE TABLE runs (dir TEXT PRIMARY KEY, folder TEXT NOT NULL, changed INTEGER NOT NULL, info TEXT NOT NULL);
		 CREATE INDEX runs_folder ON runs (folder);
		 CREATE TABLE tags (run TEXT NOT NULL REFERENCES runs (dir) ON DELETE CASCADE, tag TEXT NOT NULL, PRIMARY KEY (run, tag));
		 CREATE INDEX tags_tag ON tags (tag);`,
		`CREATE TABLE datasets (dir TEXT PRIMARY KEY, name TEXT NOT NULL, fingerprint TEXT NOT NULL, samples INTEGER NOT NULL, used INTEGER NOT NULL);`,
	}
}

// Index is the database over projects, data sets and runs. It holds nothing that
// is not in the folders too. It may be used by several goroutines and processes.
type Index struct {
	db *sql.DB
	// Aside is where a damaged database was moved, empty when it was whole.
	Aside string
}

// OpenIndex opens or makes the database at path. One that a newer version wrote
// is refused with ErrNewer and left alone; a damaged one is moved aside and an
// empty one made, for Sync to fill.
func OpenIndex(path string) (*Index, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	x, err := openIndex(path)
	if err == nil || errors.Is(err, ErrNewer) || !damaged(path, err) {
		return x, err
	}
	aside := path + ".damaged-" + time.Now().Format("20060102-150405.000")
	for _, end := range []string{"", "-wal", "-shm"} {
		if moved := os.Rename(path+end, aside+end); moved != nil && !errors.Is(moved, fs.ErrNotExist) {
			return nil, fmt.Errorf("move the damaged index aside: %w", moved)
		}
	}
	if x, err = openIndex(path); err != nil {
		return nil, err
	}
	x.Aside = aside
	return x, nil
}

// damaged tells a broken file from a folder or disk that cannot be used.
func damaged(path string, err error) bool {
	info, statErr := os.Stat(path)
	return statErr == nil && info.Mode().IsRegular() && !errors.Is(err, fs.ErrPermission) && os.Chmod(path, info.Mode()) == nil
}

func openIndex(path string) (*Index, error) {
	source := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(NORMAL)&_txlock=immediate"}
	db, err := sql.Open("sqlite", source.String())
	if err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	db.SetMaxOpenConns(4)
	x := &Index{db: db}
	if err := x.migrate(path); err != nil {
		return nil, errors.Join(fmt.Errorf("open index: %w", err), db.Close())
	}
	return x, nil
}

// migrate checks the file and brings its schema up to date in one transaction.
func (x *Index) migrate(path string) error {
	var check string
	if err := x.db.QueryRow("PRAGMA quick_check(1)").Scan(&check); err != nil {
		return err
	}
	if check != "ok" {
		return fmt.Errorf("%s: %s", path, check)
	}
	tx, err := x.db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit this does nothing
	var version int
	if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > IndexVersion {
		return fmt.Errorf("%s has version %d, this program knows %d: %w", path, version, IndexVersion, ErrNewer)
	}
	for _, step := range migrations()[version:] {
		if _, err := tx.Exec(step); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	if _, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", IndexVersion)); err != nil {
		return err
	}
	return tx.Commit()
}

// Close closes the database.
func (x *Index) Close() error {
	if err := x.db.Close(); err != nil {
		return fmt.Errorf("close index: %w", err)
	}
	return nil
}

// Sync brings the index up to what lies in a folder of runs: new and changed
// folders are read, vanished ones forgotten. It reports whether anything changed.
func (x *Index) Sync(ctx context.Context, runs string) (bool, error) {
	dirs, err := RunDirs(runs)
	if err != nil {
		return false, err
	}
	known, err := x.known(ctx, runs)
	if err != nil {
		return false, err
	}
	news := false
	for _, dir := range dirs {
		at, ok := known[dir]
		delete(known, dir)
		if ok && at == stampOf(dir) {
			continue
		}
		if ctx.Err() != nil {
			return news, ctx.Err()
		}
		put, err := x.put(ctx, runs, dir)
		if err != nil {
			return news, err
		}
		news = news || put
	}
	for dir := range known {
		if _, err := x.db.ExecContext(ctx, "DELETE FROM runs WHERE dir = ?", dir); err != nil {
			return news, fmt.Errorf("forget run: %w", err)
		}
		news = true
	}
	return news, nil
}

// stampOf changes whenever what an Info says changes, also when a process lets
// go of the run.
func stampOf(dir string) int64 {
	stamp := changed(dir).UnixNano()
	if Locked(dir) {
		stamp++
	}
	return stamp
}

func (x *Index) known(ctx context.Context, runs string) (map[string]int64, error) {
	rows, err := x.db.QueryContext(ctx, "SELECT dir, changed FROM runs WHERE folder = ?", runs)
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var dir string
		var at int64
		if err := rows.Scan(&dir, &at); err != nil {
			return nil, fmt.Errorf("read index: %w", err)
		}
		out[dir] = at
	}
	return out, rows.Err()
}

// put reads a run folder into the index; a folder that is no run is left out.
func (x *Index) put(ctx context.Context, runs, dir string) (bool, error) {
	stamp := stampOf(dir)
	info, err := ReadInfo(dir)
	if errors.Is(err, ErrNotRun) || errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	text, err := json.Marshal(jsonInfo(info))
	if err != nil {
		return false, fmt.Errorf("index run: %w", err)
	}
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("index run: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit this does nothing
	_, err = tx.ExecContext(ctx, "INSERT INTO runs VALUES (?,?,?,?) ON CONFLICT (dir) DO UPDATE SET changed = excluded.changed, info = excluded.info",
		dir, runs, stamp, string(text))
	if err == nil {
		_, err = tx.ExecContext(ctx, "DELETE FROM tags WHERE run = ?", dir)
	}
	for _, tag := range info.Notes.Tags {
		if err == nil {
			_, err = tx.ExecContext(ctx, "INSERT OR IGNORE INTO tags VALUES (?,?)", dir, tag)
		}
	}
	if err != nil {
		return false, fmt.Errorf("index run: %w", err)
	}
	return true, tx.Commit()
}

// storedInfo is an Info whose numbers JSON can hold.
type storedInfo struct {
	Info
	Last, Best map[string]number
}

func jsonInfo(i Info) storedInfo {
	s := storedInfo{Info: i, Last: numbers(i.Status.Last), Best: numbers(i.Status.Best)}
	s.Status.Last, s.Status.Best = nil, nil
	return s
}

func (s storedInfo) info() Info {
	s.Status.Last, s.Status.Best = floats(s.Last), floats(s.Best)
	return s.Info
}

func numbers(in map[string]float64) map[string]number {
	out := make(map[string]number, len(in))
	for k, v := range in {
		out[k] = number(v)
	}
	return out
}

func floats(in map[string]number) map[string]float64 {
	out := make(map[string]float64, len(in))
	for k, v := range in {
		out[k] = float64(v)
	}
	return out
}

// Runs returns the indexed runs of a folder of runs (of all folders when it is
// empty) that a filter lets through, oldest first.
func (x *Index) Runs(ctx context.Context, runs string, filter Filter) ([]Info, error) {
	rows, err := x.db.QueryContext(ctx, "SELECT info FROM runs WHERE ?1 = '' OR folder = ?1 ORDER BY dir", runs)
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	defer rows.Close()
	var out []Info
	for rows.Next() {
		var text string
		var s storedInfo
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read index: %w", err)
		}
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return nil, fmt.Errorf("read index: %w", err)
		}
		if i := s.info(); filter == nil || filter(i) {
			out = append(out, i)
		}
	}
	return out, rows.Err()
}

// Tags returns every tag and how many runs carry it.
func (x *Index) Tags(ctx context.Context) (map[string]int, error) {
	rows, err := x.db.QueryContext(ctx, "SELECT tag, COUNT(*) FROM tags GROUP BY tag")
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var tag string
		var n int
		if err := rows.Scan(&tag, &n); err != nil {
			return nil, fmt.Errorf("read index: %w", err)
		}
		out[tag] = n
	}
	return out, rows.Err()
}
