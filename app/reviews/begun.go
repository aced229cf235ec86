package reviews

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"athanor/app/store"
	"athanor/inference/sentiment"
)

// ErrUnfinished says that a file begun earlier lies where this job wants to write.
var ErrUnfinished = errors.New("an earlier run has begun this file")

// ErrOther says that a file was begun with other verdicts, texts or columns.
var ErrOther = errors.New("begun otherwise")

// begun is what an unfinished file's rows were judged by. It lies beside that file.
type begun struct {
	Input    string             `json:"input"` // checksum of the file's head, and its size
	Column   string             `json:"column"`
	Lang     string             `json:"lang"`
	Verdicts sentiment.Identity `json:"verdicts"`
}

func begunName(out string) string { return partName(out) + ".json" }

// beginning is what the rows of this job are judged by.
func (r *runner) beginning() (begun, error) {
	sum, err := headSum(r.job.In)
	if err != nil {
		return begun{}, err
	}
	lang := r.job.Lang
	if lang == "" {
		lang = "auto"
	}
	return begun{
		Input: fmt.Sprintf("%s-%d", sum, r.in.size), Column: r.in.columns[r.text], Lang: lang, Verdicts: r.a.Identity(),
	}, nil
}

// head is how much of the input tells it from others, in bytes.
const head = 1 << 20

func headSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := crc32.NewIEEE()
	if _, err := io.CopyN(h, f, head); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return fmt.Sprintf("%08x", h.Sum32()), nil
}

// difference names what differs from what a file was begun with; empty: nothing.
func (b begun) difference(now begun) string {
	was, is := b.Verdicts, now.Verdicts
	switch {
	case b.Input != now.Input:
		return "the input has changed since"
	case b.Column != now.Column:
		return fmt.Sprintf("its texts are those of column %q, now %q is asked for", b.Column, now.Column)
	case b.Lang != now.Lang:
		return fmt.Sprintf("--lang was %s and is %s now", b.Lang, now.Lang)
	case was.Methods != is.Methods:
		return fmt.Sprintf("it was judged by %s, now %s would judge", was.Methods, is.Methods)
	case was.Models != is.Models:
		return fmt.Sprintf("%s is not what it was: another file or another version", is.Methods)
	case was.Learnt != is.Learnt:
		return fmt.Sprintf("%d corrections were followed, now there are %d, or others", was.Corrections, is.Corrections)
	}
	return ""
}

// mayBegin refuses to write over an unfinished file that holds rows, unless told to.
func (r *runner) mayBegin(header int) error {
	if r.job.Anew {
		return nil
	}
	info, err := os.Stat(partName(r.job.Out))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%w: %w", ErrOutput, err)
	case info.Size() <= int64(header):
		return nil
	}
	return fmt.Errorf("%w: %s; go on with --resume, or judge all rows again with --anew", ErrUnfinished, partName(r.job.Out))
}

// mayGoOn refuses to mix rows of two kinds in one file.
func (r *runner) mayGoOn(now begun) error {
	raw, err := os.ReadFile(begunName(r.job.Out))
	var was begun
	if err == nil {
		err = json.Unmarshal(raw, &was)
	}
	if err != nil {
		return fmt.Errorf("%w: %s does not say what it was judged by; judge all rows again with --anew", ErrOther, partName(r.job.Out))
	}
	if d := was.difference(now); d != "" {
		return fmt.Errorf("%w: %s: %s. Give what was given then, or judge all rows again with --anew", ErrOther, partName(r.job.Out), d)
	}
	return nil
}

// noteBeginning writes what the rows are judged by.
func (r *runner) noteBeginning(now begun) error {
	raw, err := json.Marshal(now)
	if err != nil {
		return err
	}
	return store.WriteFile(begunName(r.job.Out), raw)
}
