package face

// pathRecorder remembers where each face was in each frame of a video, by the
// number of its track.
type pathRecorder struct {
	frames int
	tracks map[int][]spot
}

type spot struct {
	frame int
	box   Box
}

// add takes the faces of the next frame; each has the number of its track.
func (p *pathRecorder) add(faces []Face) {
	if p.tracks == nil {
		p.tracks = map[int][]spot{}
	}
	for _, f := range faces {
		p.tracks[f.Track] = append(p.tracks[f.Track], spot{p.frames, f.Box})
	}
	p.frames++
}

// fill returns the boxes of every frame: between two finds of a track the box
// moves in a straight line, and it stays for some frames before the first and
// after the last, because faces are there before they are found.
func (p *pathRecorder) fill(margin int) [][]Box {
	boxes := make([][]Box, p.frames)
	put := func(frame int, b Box) {
		if frame >= 0 && frame < p.frames {
			boxes[frame] = append(boxes[frame], b)
		}
	}
	for _, spots := range p.tracks {
		first, last := spots[0], spots[len(spots)-1]
		for i := 1; i <= margin; i++ {
			put(first.frame-i, first.box)
			put(last.frame+i, last.box)
		}
		put(first.frame, first.box)
		for i, b := range spots[1:] {
			a := spots[i]
			for frame := a.frame + 1; frame <= b.frame; frame++ {
				t := float32(frame-a.frame) / float32(b.frame-a.frame)
				put(frame, Box{mix(a.box.X, b.box.X, t), mix(a.box.Y, b.box.Y, t), mix(a.box.W, b.box.W, t), mix(a.box.H, b.box.H, t)})
			}
		}
	}
	return boxes
}
