package face

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// TrackConfig holds a tracker's settings; zero fields take good values.
type TrackConfig struct {
	IoU     float32       // least overlap of a find with a track's expected place; 0.2
	Hold    time.Duration // how long a face may be missed before it has left; 1 s
	Confirm int           // finds before a face gets its number; 2
	Smooth  float32       // weight of a new find in a box, 0 to 1; 0.6
}

func (c TrackConfig) withDefaults() TrackConfig {
	c.IoU = cmp.Or(c.IoU, 0.2)
	c.Hold = cmp.Or(c.Hold, time.Second)
	c.Confirm = cmp.Or(c.Confirm, 2)
	c.Smooth = cmp.Or(c.Smooth, 0.6)
	return c
}

// Track is one face followed over time.
type Track struct {
	ID        int // from 1, never used again; 0 until confirmed
	Box       Box // smoothed; the expected place while Missed
	Score     float32
	Landmarks []Point
	First     time.Duration // when it was found first, on the source's clock
	Last      time.Duration // when it was found last
	Finds     int
	Missed    bool // not found in the newest detection
}

// EventKind is enter or leave.
type EventKind string

// The kinds of event.
const (
	Enter EventKind = "enter"
	Leave EventKind = "leave"
)

// Event tells that a face came or went.
type Event struct {
	Kind  EventKind
	Track int
	Time  time.Duration // when it was seen first, or last
}

// Tracker gives faces steady numbers: finds are matched to the places where the
// known faces are expected, by overlap (after SORT: Bewley et al., 2016, with an
// alpha-beta filter in place of the Kalman filter). It is used by one goroutine.
type Tracker struct {
	cfg    TrackConfig
	tracks []*motion
	nextID int
	now    time.Duration
}

// motion is a track with its speed in pixels a second.
type motion struct {
	Track
	vx, vy float32
	at     time.Duration // of Box
}

// NewTracker returns a tracker without tracks.
func NewTracker(cfg TrackConfig) *Tracker {
	return &Tracker{cfg: cfg.withDefaults(), nextID: 1}
}

// Total returns how many different faces got a number so far.
func (t *Tracker) Total() int { return t.nextID - 1 }

// Update takes the finds at a time, which must not go backwards, and returns
// the events. Each find's Track is set to its number.
func (t *Tracker) Update(at time.Duration, faces []Face) []Event {
	t.now = max(t.now, at)
	matched := t.match(at, faces)
	var events []Event
	for i := range faces {
		m := matched[i]
		if m == nil {
			m = &motion{Track: Track{Box: faces[i].Box, First: at}, at: at}
			t.tracks = append(t.tracks, m)
		}
		m.found(at, faces[i], t.cfg.Smooth)
		if m.ID == 0 && m.Finds >= t.cfg.Confirm {
			m.ID = t.nextID
			t.nextID++
			events = append(events, Event{Enter, m.ID, m.First})
		}
		faces[i].Track = m.ID
	}
	return append(events, t.expire(at)...)
}

// expire marks the tracks that were missed and drops those missed for too long;
// one that never got a number goes at its first miss.
func (t *Tracker) expire(at time.Duration) []Event {
	var events []Event
	t.tracks = slices.DeleteFunc(t.tracks, func(m *motion) bool {
		m.Missed = m.Last < at
		if !m.Missed || m.ID > 0 && at-m.Last <= t.cfg.Hold {
			return false
		}
		if m.ID > 0 {
			events = append(events, Event{Leave, m.ID, m.Last})
		}
		return true
	})
	return events
}

// pair is a possible match; more is better.
type pair struct {
	track, face int
	more        float32
}

// match returns the track of each find, or nil.
func (t *Tracker) match(at time.Duration, faces []Face) []*motion {
	var pairs []pair
	for i, m := range t.tracks {
		expected := m.expect(at)
		for j, f := range faces {
			if more := t.closeness(expected, f.Box); more > 0 {
				pairs = append(pairs, pair{i, j, more})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.more, a.more) })
	taken, matched := make([]bool, len(t.tracks)), make([]*motion, len(faces))
	for _, p := range pairs {
		if !taken[p.track] && matched[p.face] == nil {
			taken[p.track], matched[p.face] = true, t.tracks[p.track]
		}
	}
	return matched
}

// closeness is 1 + IoU for boxes that overlap enough; for a fast face that does
// not, it falls with the distance and ends at one face's width; 0 is no match.
func (t *Tracker) closeness(a, b Box) float32 {
	if v := IoU(a, b); v >= t.cfg.IoU {
		return 1 + v
	}
	side := (a.W + a.H + b.W + b.H) / 4
	ratio := (a.W + a.H) / max(b.W+b.H, 1e-6)
	if side <= 0 || ratio < 0.5 || ratio > 2 {
		return 0
	}
	ca, cb := a.Center(), b.Center()
	d := float32(math.Hypot(float64(ca.X-cb.X), float64(ca.Y-cb.Y))) / side
	return max(0, 1-d)
}

// expect is where the face should be at a time. The speed is believed for half
// a second; then the face is expected to have stopped.
func (m *motion) expect(at time.Duration) Box {
	dt := float32(min(max(0, at-m.at), 500*time.Millisecond).Seconds())
	b := m.Box
	b.X, b.Y = b.X+m.vx*dt, b.Y+m.vy*dt
	return b
}

// found moves a track towards a find.
func (m *motion) found(at time.Duration, f Face, alpha float32) {
	expected := m.expect(at)
	dx, dy := f.Box.X-expected.X, f.Box.Y-expected.Y
	if m.Finds == 0 {
		alpha = 1
	}
	if dt := float32((at - m.at).Seconds()); dt > 0 && m.Finds > 0 {
		const beta = 0.3
		m.vx, m.vy = m.vx+beta*dx/dt, m.vy+beta*dy/dt
	}
	m.Box = Box{expected.X + alpha*dx, expected.Y + alpha*dy, mix(m.Box.W, f.Box.W, alpha), mix(m.Box.H, f.Box.H, alpha)}
	m.at, m.Last, m.Score, m.Landmarks = at, at, f.Score, f.Landmarks
	m.Finds++
}

func mix(a, b, t float32) float32 { return a + t*(b-a) }

// At returns the confirmed tracks as they should be at a time, by number. Faces
// that are not found right now are among them until they have left.
func (t *Tracker) At(at time.Duration) []Track {
	var list []Track
	for _, m := range t.tracks {
		if m.ID == 0 {
			continue
		}
		now := m.Track
		now.Box = m.expect(at)
		if m.Missed {
			now.Landmarks = nil
		}
		list = append(list, now)
	}
	slices.SortFunc(list, func(a, b Track) int { return cmp.Compare(a.ID, b.ID) })
	return list
}
