package ui

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestTheProgramEndsWithoutTheToolkit: where the toolkit returns nothing more is
// done, and where it does not the program ends by itself when its time is over.
func TestTheProgramEndsWithoutTheToolkit(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			returned := make(chan struct{})
			if !hangs {
				time.AfterFunc(endTime/2, func() { close(returned) })
			}
			alone := false
			endWithin(endTime, returned, func() { alone = true })
			if alone != hangs {
				t.Errorf("the toolkit hangs: %v, the program ended by itself: %v", hangs, alone)
			}
			if took := time.Since(began); took > endTime {
				t.Errorf("ended after %v, more than %v", took, endTime)
			}
		})
	}
}
