package table

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"time"
)

// IsMissing tells whether a cell's text says that there is no value.
func IsMissing(s string) bool {
	return len(s) <= 4 && slices.Contains(marks(), s)
}

// MissingBytes is IsMissing for a cell's bytes, spaces around them ignored.
func MissingBytes(b []byte) bool { return missing(b) }

// missing is IsMissing for a cell's bytes, spaces around them ignored.
func missing(b []byte) bool {
	b = trimmed(b)
	switch {
	case len(b) == 0:
		return true
	case len(b) > 4, b[0] >= '0' && b[0] <= '9':
		return false
	}
	return IsMissing(string(b))
}

// number parses a decimal number with spaces around it. Hexadecimal, infinities
// and digit groups are no numbers here.
func number(b []byte) (float64, bool) { return plainNumber(bytes.TrimSpace(b)) }

// plainNumber is number for bytes without spaces around them.
func plainNumber(b []byte) (float64, bool) {
	if len(b) == 0 || len(b) > 64 {
		return 0, false
	}
	if v, ok := shortNumber(b); ok {
		return v, true
	}
	if !decimal(b) {
		return 0, false
	}
	v, err := strconv.ParseFloat(string(b), 64)
	return v, err == nil && !math.IsInf(v, 0)
}

// decimal tells whether b is written as a decimal number, without parsing it.
func decimal(b []byte) bool {
	b = unsigned(b)
	whole := digits(b)
	b = b[whole:]
	fraction := 0
	if len(b) > 0 && b[0] == '.' {
		fraction = digits(b[1:])
		b = b[1+fraction:]
	}
	if whole+fraction == 0 {
		return false
	}
	if len(b) == 0 {
		return true
	}
	if b[0]|0x20 != 'e' {
		return false
	}
	b = unsigned(b[1:])
	return len(b) > 0 && digits(b) == len(b)
}

func unsigned(b []byte) []byte {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		return b[1:]
	}
	return b
}

// digits counts the digits at the start of b.
func digits(b []byte) int {
	for i, c := range b {
		if c-'0' > 9 {
			return i
		}
	}
	return len(b)
}

// shortNumber parses up to 15 digits with a point exactly: both the digits and
// the power of ten are exact in float64 (Clinger 1990, the fast path).
func shortNumber(b []byte) (float64, bool) {
	negative := b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 16 {
		return 0, false
	}
	var digits uint64
	point := -1
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
			digits = digits*10 + uint64(c-'0')
		case c == '.' && point < 0:
			point = i
		default:
			return 0, false
		}
	}
	n := len(b)
	if point >= 0 {
		n--
	}
	if n == 0 || n > 15 {
		return 0, false
	}
	v := float64(digits)
	if point >= 0 {
		v /= powerOfTen(len(b) - 1 - point)
	}
	if negative {
		v = -v
	}
	return v, true
}

func powerOfTen(n int) float64 {
	table := [16]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
	return table[n]
}

// moment parses a date or time and returns it in seconds since 1970 (UTC).
func moment(b []byte) (float64, bool) {
	b = bytes.TrimSpace(b)
	if len(b) < 6 || len(b) > 40 {
		return 0, false
	}
	if seconds, ok := plainDate(b); ok {
		return seconds, true
	}
	s := string(b)
	for _, layout := range layouts() {
		if len(layout) > len(s)+12 || len(s) > len(layout)+12 {
			continue
		}
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.Unix()) + float64(t.Nanosecond())/1e9, true
		}
	}
	return 0, false
}

// plainDate reads 2006-01-02, by far the most common, without time.Parse.
func plainDate(b []byte) (seconds float64, ok bool) {
	if len(b) != 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	var part [3]int
	at := 0
	for i, c := range b {
		switch {
		case i == 4 || i == 7:
			at++
		case c < '0' || c > '9':
			return 0, false
		default:
			part[at] = part[at]*10 + int(c-'0')
		}
	}
	year, month, day := part[0], part[1], part[2]
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	return float64(daysSince1970(year, month, day)) * 86400, true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSince1970 counts days in the Gregorian calendar, years beginning in March
// (E. G. Richards, Calendars, in Explanatory Supplement to the Astronomical
// Almanac, 2013).
func daysSince1970(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	year += 400 // of 146,097 days, so that nothing is negative
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 719469 - 146097
}

func layouts() []string {
	return []string{
		"2006-01-02", "2006-01-02 15:04:05", time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04",
		"2006/01/02", "2006/1/2", "2006/01/02 15:04:05", "02.01.2006", "2.1.2006", "01/02/2006", "1/2/2006", "02/01/2006",
		"2-Jan-06", "2-Jan-2006", "2 Jan 2006", "Jan 2, 2006", "2006年1月2日", "2006年01月02日", time.RFC1123Z, time.RFC1123,
	}
}

// Moment is a cell as a point in time, in seconds since 1970, or the number it
// holds; ok is false where it is neither.
func Moment(c Cell) (seconds float64, ok bool) {
	if v, ok := c.value(); ok {
		return v, true
	}
	return moment(c.Text)
}
