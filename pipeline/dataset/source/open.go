// Package source opens what a person has (a name, a file, a folder, an archive)
// as a dataset.Set ready for training. What it is, is recognised by content.
package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"athanor/inference/text"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/archive"
	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/table"
)

// Digits is the path that names the embedded set.
const Digits = "digits"

// Errors of Open.
var (
	// ErrUnknown: the path holds nothing this package can read.
	ErrUnknown = errors.New("no data set recognised")
	// ErrEmpty: there is no sample to train on.
	ErrEmpty = errors.New("the data set is empty")
	// ErrOneClass: all samples have the same label.
	ErrOneClass = errors.New("the data set has only one class")
	// ErrTask: the source cannot serve the task asked for.
	ErrTask = errors.New("the data does not fit the task")
	// ErrClasses: there are more classes than a network should tell apart.
	ErrClasses = errors.New("too many classes")
)

// Config says what to open and how to prepare it. The zero value of every
// field but Path is a usable default.
type Config struct {
	// Path is Digits, a file or a folder.
	Path string
	// Test is the path of a test set kept apart; the source's own test part is
	// used where it is empty.
	Test string
	// Validation and TestSplit are shares in [0,1). Validation is of what is
	// left for training; it is ignored where the source brings a validation
	// part of its own (a folder val or valid).
	Validation, TestSplit float64
	// Seed decides splits and augmentation.
	Seed uint64
	// Task is the task asked for; empty takes the one that fits the source.
	Task dataset.Task
	// Label, Text, Group and Time name columns; empty lets the source guess.
	Label, Text, Group, Time string
	// Size is the side pictures are resized to; 0 is 64 for folders of pictures
	// and the pictures' own size for IDX.
	Size int
	// AnySize puts the resizing of pictures into the exported model, which then
	// takes pictures of any size (see Resizer). Without it the model takes
	// pictures of Size×Size, resized by whoever asks as DecodePicture does.
	AnySize bool
	// Augment names what happens to training samples: "", "none", "default" or
	// a list such as "flip,rotate=10,shift=0.1".
	Augment string
	// Length and Buckets are the token ids a text has and the numbers they are
	// hashed into; 0 means 64 and 32768.
	Length, Buckets int
	// Temper is how n-grams are weighed (text.Plan).
	Temper float64
	// Model is the architecture the texts are for: with one, the tokenizer learns
	// from a table's training texts which n-grams or units deserve an id.
	Model string
	// Tokenizer turns texts into token ids; nil hashes n-grams of words and of
	// Chinese characters into Buckets.
	Tokenizer text.Tokenizer
	// Operations are a person's changes, applied while samples are read.
	Operations operation.List
	// Read overrides what is guessed of a table's separators and characters, and
	// Roles the use of single columns.
	Read  table.Options
	Roles map[string]table.Role
	// Cache is the folder decoded pictures are kept in when they do not fit in
	// memory; empty is the person's cache folder.
	Cache string
	// Progress is called now and then with samples done and samples in all (0
	// where that is not known yet); it may be nil. It is called from one
	// goroutine at a time.
	Progress func(done, total int)
}

// Open opens the data set that c names. Errors name the file and the cure.
func Open(ctx context.Context, c Config) (*dataset.Set, error) {
	if err := c.Operations.Validate(); err != nil {
		return nil, fmt.Errorf("open data set %s: %w", c.Path, err)
	}
	open, err := recognise(c)
	if err != nil {
		return nil, fmt.Errorf("open data set %s: %w", c.Path, err)
	}
	set, err := open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open data set %s: %w", c.Path, err)
	}
	return set, nil
}

// opener makes a Set of one kind of source.
type opener func(ctx context.Context, c Config) (*dataset.Set, error)

func recognise(c Config) (opener, error) {
	if c.Path == Digits {
		return openDigits, nil
	}
	info, err := os.Stat(c.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; check the path, or use %q for the embedded set", err, Digits)
	}
	if err != nil {
		return nil, err
	}
	if isIDX(c.Path, info) {
		return openIDX, nil
	}
	if !info.IsDir() && archive.Detect(c.Path) != archive.None {
		return openArchive, nil
	}
	if parts := tableParts(c.Path, info); len(parts) > 0 && !(info.IsDir() && parts[0].side == folder.Whole) {
		return func(ctx context.Context, c Config) (*dataset.Set, error) { return openTable(ctx, c, parts) }, nil
	}
	if info.IsDir() {
		return openDir, nil
	}
	return nil, fmt.Errorf("%w: expected IDX files, a table, an archive, or a folder with one folder a class", ErrUnknown)
}

// openDir opens a folder of files, or the one table in it.
func openDir(ctx context.Context, c Config) (*dataset.Set, error) {
	set, err := openFolder(ctx, c, c.Path)
	if err == nil || !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrEmpty) {
		return set, err
	}
	if info, stat := os.Stat(c.Path); stat == nil {
		if parts := tableParts(c.Path, info); len(parts) > 0 {
			return openTable(ctx, c, parts)
		}
	}
	return nil, err
}

// openArchive unpacks an archive into the cache and opens what is in it.
func openArchive(ctx context.Context, c Config) (*dataset.Set, error) {
	dir, err := unpacked(ctx, c, c.Path)
	if err != nil {
		return nil, err
	}
	inside := c
	inside.Path = folder.Unwrap(dir)
	open, err := recognise(inside)
	if err != nil {
		return nil, err
	}
	set, err := open(ctx, inside)
	if err != nil {
		return nil, err
	}
	set.Name = filepath.Base(c.Path)
	return set, nil
}
