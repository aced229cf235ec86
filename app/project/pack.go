package project

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"athanor/app/store"
)

// PackOptions says what goes into a packed project.
type PackOptions struct {
	// Checkpoints takes them along, so that runs can be continued elsewhere.
	Checkpoints bool
	// Progress is called with the bytes done so far; may be nil.
	Progress func(done int64)
}

// Pack writes a project into one zip file at to, atomically. A project with a
// run that is being trained is refused.
func Pack(ctx context.Context, p Project, to string, o PackOptions) error {
	dirs, err := store.RunDirs(p.Runs())
	if err != nil {
		return fmt.Errorf("pack project: %w", err)
	}
	for _, dir := range dirs {
		if store.Locked(dir) {
			return fmt.Errorf("pack project: %w: %s; stop it or wait for it", ErrBusy, filepath.Base(dir))
		}
	}
	f, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+"-*")
	if err != nil {
		return fmt.Errorf("pack project: %w", err)
	}
	w := &packer{ctx: ctx, z: zip.NewWriter(f), root: p.Dir, o: o}
	err = filepath.WalkDir(p.Dir, w.visit)
	err = errors.Join(err, w.z.Close(), f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), to)
	}
	if err != nil {
		return fmt.Errorf("pack project: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

type packer struct {
	ctx  context.Context //nolint:containedctx // lives as long as one call of Pack
	z    *zip.Writer
	root string
	o    PackOptions
	done int64
}

// visit adds one file; hidden files (locks, half-written ones, the trash) and
// links stay out.
func (w *packer) visit(file string, e fs.DirEntry, err error) error {
	if err != nil || w.ctx.Err() != nil {
		return errors.Join(err, w.ctx.Err())
	}
	rel, err := filepath.Rel(w.root, file)
	if err != nil || rel == "." {
		return err
	}
	if strings.HasPrefix(e.Name(), ".") || e.IsDir() && e.Name() == "checkpoints" && !w.o.Checkpoints {
		if e.IsDir() {
			return filepath.SkipDir
		}
		return nil
	}
	if !e.Type().IsRegular() {
		return nil
	}
	return w.add(file, filepath.ToSlash(rel))
}

func (w *packer) add(file, name string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	method := zip.Deflate
	if info.Size() > 1<<20 && strings.HasSuffix(name, ".safetensors") {
		method = zip.Store // weights do not get smaller
	}
	to, err := w.z.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: info.ModTime()})
	if err != nil {
		return err
	}
	n, err := io.Copy(to, f)
	w.done += n
	if w.o.Progress != nil {
		w.o.Progress(w.done)
	}
	return err
}

// Limits of what Unpack accepts.
const (
	maxEntries  = 1_000_000
	maxUnpacked = 1 << 40
)

// Unpack makes a project in the folder of projects from a packed one. Nothing is
// left behind when it fails. Paths that lead elsewhere, links and files that are
// larger than they say are refused.
func Unpack(ctx context.Context, from, projects string) (Project, error) {
	z, err := zip.OpenReader(from)
	if err != nil {
		return Project{}, fmt.Errorf("unpack %s: %w: %w", from, ErrNotProject, err)
	}
	defer z.Close()
	if err := checkPacked(z.File); err != nil {
		return Project{}, fmt.Errorf("unpack %s: %w", from, err)
	}
	if err := os.MkdirAll(projects, 0o755); err != nil {
		return Project{}, fmt.Errorf("unpack: %w", err)
	}
	temp, err := os.MkdirTemp(projects, ".unpack-*")
	if err != nil {
		return Project{}, fmt.Errorf("unpack: %w", err)
	}
	p, err := unpackInto(ctx, z.File, temp, projects)
	if err != nil {
		return Project{}, fmt.Errorf("unpack %s: %w", from, errors.Join(err, os.RemoveAll(temp)))
	}
	return p, nil
}

// checkPacked looks at the table of contents before anything is written.
func checkPacked(files []*zip.File) error {
	if len(files) > maxEntries {
		return fmt.Errorf("%w: %d entries", ErrUnsafe, len(files))
	}
	total, found := uint64(0), false
	for _, f := range files {
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) || strings.ContainsRune(f.Name, '\\') || path.Clean(f.Name) != strings.TrimSuffix(f.Name, "/") {
			return fmt.Errorf("%w: path %q", ErrUnsafe, f.Name)
		}
		if mode := f.Mode(); !mode.IsRegular() && !mode.IsDir() {
			return fmt.Errorf("%w: %q is neither file nor folder", ErrUnsafe, f.Name)
		}
		total += f.UncompressedSize64
		if total > maxUnpacked || f.UncompressedSize64 > maxUnpacked {
			return fmt.Errorf("%w: it would fill more than a terabyte", ErrUnsafe)
		}
		found = found || f.Name == File
	}
	if !found {
		return fmt.Errorf("%w: there is no %s in it", ErrNotProject, File)
	}
	return nil
}

func unpackInto(ctx context.Context, files []*zip.File, temp, projects string) (Project, error) {
	for _, f := range files {
		if ctx.Err() != nil {
			return Project{}, ctx.Err()
		}
		if err := unpackFile(f, filepath.Join(temp, filepath.FromSlash(f.Name))); err != nil {
			return Project{}, err
		}
	}
	p, err := Open(temp)
	if err != nil {
		return Project{}, err
	}
	dir, err := freeDir(projects, store.SafeName(p.Name))
	if err != nil {
		return Project{}, err
	}
	if err := errors.Join(os.Remove(dir), os.Rename(temp, dir)); err != nil { // instead of the empty folder that reserved the name
		return Project{}, err
	}
	p.Dir = dir
	return p, errors.Join(os.MkdirAll(p.Runs(), 0o755), os.MkdirAll(p.Datasets(), 0o755), os.Chmod(dir, 0o755))
}

func unpackFile(f *zip.File, to string) error {
	if f.Mode().IsDir() {
		return os.MkdirAll(to, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	n, err := io.Copy(w, io.LimitReader(r, int64(f.UncompressedSize64)+1))
	if err == nil && uint64(n) != f.UncompressedSize64 {
		err = fmt.Errorf("%w: %q is not as large as it says", ErrUnsafe, f.Name)
	}
	return errors.Join(err, w.Close())
}
