package table

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

func TestTallyCounts(t *testing.T) {
	var c tally
	for i := range 3000 {
		if !c.add(fmt.Append(nil, i%1000), hash(fmt.Append(nil, i%1000)), 1000) {
			t.Fatalf("value %d was not counted", i)
		}
	}
	if c.add([]byte("one more"), hash([]byte("one more")), 1000) || c.used != 1000 {
		t.Errorf("%d values, at most 1000 were allowed", c.used)
	}
	c.each(func(v *counted) {
		if v.n != 3 {
			t.Errorf("%s was counted %d times", v.value, v.n)
		}
	})
}

func TestPlainDatesAreThoseOfTheCalendar(t *testing.T) {
	for _, s := range []string{"0000-01-01", "0000-02-29", "1600-02-29", "1900-02-28", "1969-12-31", "1970-01-01", "2000-02-29", "2024-02-29", "2024-12-31", "9999-12-31"} {
		want, err := time.Parse("2006-01-02", s)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := plainDate([]byte(s)); !ok || got != float64(want.Unix()) {
			t.Errorf("%s: %v %v, want %d", s, got, ok, want.Unix())
		}
	}
	for _, s := range []string{"1900-02-29", "2023-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-01-00", "2024-1-010"} {
		if got, ok := plainDate([]byte(s)); ok {
			t.Errorf("%s is no date, read as %v", s, got)
		}
	}
}

func TestSplitAsBytesDoes(t *testing.T) {
	for _, line := range []string{"", ",", ",,,,,,,,,,", "a,b", "1234567,12345678,123456789,", "\xac,\xad,\x2d,\x80", "no separator in this long line at all"} {
		s := &separated{dialect: Dialect{Separator: ','}}
		s.split([]byte(line))
		want := bytes.Split([]byte(line), []byte{','})
		if len(s.row.Cells) != len(want) {
			t.Fatalf("%q: %d cells, want %d", line, len(s.row.Cells), len(want))
		}
		for i, w := range want {
			if string(s.row.Cells[i].Text) != string(w) {
				t.Errorf("%q: cell %d is %q, want %q", line, i, s.row.Cells[i].Text, w)
			}
		}
	}
}
