package health

import "athanor/pipeline/dataset/table"

// profiler profiles rows on a goroutine of its own, while the next are read:
// rows are copied into one of two chunks, which go round.
type profiler struct {
	profiles []*table.Profile
	free     chan *rows
	full     chan *rows
	done     chan struct{}
	now      *rows
}

// rows is a chunk of copied cells.
type rows struct {
	cells []table.Cell
	bytes []byte
}

const (
	chunkCells = 8192
	chunkBytes = 512 << 10
)

func newProfiler(profiles []*table.Profile) *profiler {
	p := &profiler{profiles: profiles, free: make(chan *rows, 3), full: make(chan *rows, 3), done: make(chan struct{})}
	for range cap(p.free) {
		p.free <- &rows{bytes: make([]byte, 0, chunkBytes)}
	}
	p.now = <-p.free
	go p.run()
	return p
}

func (p *profiler) run() {
	defer close(p.done)
	for c := range p.full {
		for from := 0; from < len(c.cells); from += len(p.profiles) {
			for i, cell := range c.cells[from : from+len(p.profiles)] {
				p.profiles[i].Add(cell)
			}
		}
		c.cells, c.bytes = c.cells[:0], c.bytes[:0]
		p.free <- c
	}
}

// add takes one row, copying what its cells point to.
func (p *profiler) add(cells []table.Cell) {
	size := 0
	for i := range cells {
		size += len(cells[i].Text)
	}
	if len(p.now.cells) >= chunkCells || len(p.now.bytes)+size > cap(p.now.bytes) {
		p.full <- p.now
		p.now = <-p.free
	}
	if size > cap(p.now.bytes) {
		p.now.bytes = make([]byte, 0, size)
	}
	for _, c := range cells {
		at := len(p.now.bytes)
		p.now.bytes = append(p.now.bytes, c.Text...)
		c.Text = p.now.bytes[at:len(p.now.bytes):len(p.now.bytes)]
		p.now.cells = append(p.now.cells, c)
	}
}

// close waits until all rows are profiled.
func (p *profiler) close() {
	p.full <- p.now
	close(p.full)
	<-p.done
}
