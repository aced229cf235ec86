package message_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"athanor/app/message"
	"athanor/app/reviews"
	"athanor/inference/sentiment"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/train"
)

func TestKnownErrorsSayWhatAndWhatToDo(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{syscall.ENOSPC, "disk is full"},
		{source.ErrUnknown, "learn from"},
		{fs.ErrNotExist, "not there"},
		{train.ErrDiverged, "no longer a number"},
		{train.ErrData, "cannot be trained on"},
		{train.ErrRunExists, "already holds a run"},
		{sentiment.ErrModel, "does not judge texts"},
		{reviews.ErrColumn, "column with texts"},
		{errors.New("odd"), "no words"},
	} {
		m := message.Of(fmt.Errorf("open: %w", c.err), "en_US")
		if !strings.Contains(m.What, c.want) || m.Do == "" {
			t.Errorf("%v: got %q, %q", c.err, m.What, m.Do)
		}
		if !strings.Contains(m.Details, "open: ") {
			t.Errorf("%v: details lost the chain: %q", c.err, m.Details)
		}
	}
}

func TestChineseDiffersFromEnglish(t *testing.T) {
	en, zh := message.Of(fs.ErrPermission, "en"), message.Of(fs.ErrPermission, "zh-Hans")
	if en.What == zh.What || en.Do == zh.Do {
		t.Errorf("the same text in both languages: %q", en.What)
	}
}

func TestNoErrorNoMessage(t *testing.T) {
	if m := message.Of(nil, "en"); m != (message.Message{}) {
		t.Errorf("got %+v", m)
	}
}
