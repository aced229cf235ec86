package source

import (
	"context"
	"fmt"
	"io/fs"
	"os"

	"athanor/pipeline/dataset/archive"
	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/idx"
)

// Kind is what a source was recognised as.
type Kind string

// Kinds of sources.
const (
	Embedded Kind = "digits"
	IDX      Kind = "idx"
	Table    Kind = "table"
	Pictures Kind = "pictures"
	Texts    Kind = "texts"
)

// Part is one file of a table, or of an IDX pair its images, and what it is for.
type Part struct {
	Path   string
	Labels string // of an IDX pair
	Side   folder.Side
}

// Found is a recognised source.
type Found struct {
	Kind     Kind
	Archive  archive.Format // what was unpacked first
	Parts    []Part         // of tables and IDX
	Listing  *folder.Listing
	Unpacked string // where an archive lies unpacked
}

// Locate recognises what c.Path holds, by content, without reading it through.
// An archive is unpacked into the cache.
func Locate(ctx context.Context, c Config) (Found, error) {
	f, err := locate(ctx, c)
	if err != nil {
		return f, fmt.Errorf("recognise %s: %w", c.Path, err)
	}
	return f, nil
}

func locate(ctx context.Context, c Config) (Found, error) {
	if c.Path == Digits {
		return Found{Kind: Embedded}, nil
	}
	info, err := os.Stat(c.Path)
	if err != nil {
		return Found{}, err
	}
	if format := archive.Detect(c.Path); !info.IsDir() && format != archive.None {
		dir, err := unpack(ctx, c, c.Path, info)
		if err != nil {
			return Found{}, err
		}
		c.Path = folder.Unwrap(dir)
		f, err := locate(ctx, c)
		f.Archive, f.Unpacked = format, dir
		return f, err
	}
	if isIDX(c.Path, info) {
		return locateIDX(c.Path)
	}
	return locateFiles(ctx, c, info)
}

func locateIDX(path string) (Found, error) {
	train, test, err := pairs(path)
	if err != nil {
		return Found{}, err
	}
	f := Found{Kind: IDX, Parts: []Part{{train.Images, train.Labels, folder.Whole}}}
	if test != (idx.Pair{}) {
		f.Parts = append(f.Parts, Part{test.Images, test.Labels, folder.Test})
	}
	return f, nil
}

func locateFiles(ctx context.Context, c Config, info fs.FileInfo) (Found, error) {
	tables := Found{Kind: Table}
	for _, p := range tableParts(c.Path, info) {
		tables.Parts = append(tables.Parts, Part{Path: p.path, Side: p.side})
	}
	if len(tables.Parts) > 0 && (!info.IsDir() || tables.Parts[0].Side != folder.Whole) {
		return tables, nil
	}
	if !info.IsDir() {
		return Found{}, fmt.Errorf("%w: expected IDX files, a table, an archive, or a folder with one folder a class", ErrUnknown)
	}
	l, err := folder.List(ctx, c.Path)
	if err != nil {
		return Found{}, err
	}
	switch kind := l.Kind(); {
	case kind == folder.Pictures:
		return Found{Kind: Pictures, Listing: l}, nil
	case len(tables.Parts) > 0:
		return tables, nil
	case kind == folder.Texts:
		return Found{Kind: Texts, Listing: l}, nil
	}
	return Found{}, fmt.Errorf("%w: the folder holds %d files, and most are neither pictures nor texts", ErrUnknown, len(l.Files))
}
