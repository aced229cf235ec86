package shell

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Job is what the status bar says of the running job.
type Job struct {
	Running bool
	Text    string  // "digits · epoch 3 of 10 · 12 s left"
	Share   float64 // done, in [0, 1]
}

// Status is the bar at the window's lower edge.
type Status struct {
	widget.BaseWidget
	// OnJob is called when the job is pressed.
	OnJob func()

	device, memory, network, job *widgets.Text
	bar                          *widgets.Bar
	jobBox                       *widgets.Press
	netBox                       *fyne.Container
}

// jobWidth has room for "epoch 100 of 100 · 12 min left · 3 waiting".
const jobWidth = 280

// NewStatus returns a bar without a job.
func NewStatus() *Status {
	s := &Status{
		device: widgets.Note(""), memory: widgets.Note(""), network: widgets.Note(""), job: widgets.Note("").Align(fyne.TextAlignTrailing).Truncate(),
		bar: widgets.NewBar(look.Ember, 4),
	}
	// A text that grows and shrinks would lay the window out anew, and draw it twice.
	line := widgets.Row(look.Gap, container.NewCenter(widgets.Width(s.job, jobWidth)), container.NewCenter(widgets.Width(s.bar, 120)))
	s.jobBox = widgets.NewPress(container.New(layout.NewCustomPaddedLayout(2, 2, 8, 8), line), "", 4, func() {
		if s.OnJob != nil {
			s.OnJob()
		}
	})
	s.jobBox.Hide()
	s.netBox = pair("globe", s.network)
	s.netBox.Hide()
	s.ExtendBaseWidget(s)
	return s
}

// SetDevice names the device models run on.
func (s *Status) SetDevice(name string) { s.device.Set(name) }

// SetMemory shows the program's memory.
func (s *Status) SetMemory(text string) { s.memory.Set(text) }

// SetNetwork shows what is sent or fetched; "" says that nothing is.
func (s *Status) SetNetwork(text string) {
	s.network.Set(text)
	widgets.SetVisible(s.netBox, text != "")
}

// Apply shows the running job.
func (s *Status) Apply(j Job) {
	widgets.SetVisible(s.jobBox, j.Running)
	if !j.Running {
		return
	}
	s.job.Set(j.Text)
	s.bar.Set(j.Share)
}

func pair(icon string, text *widgets.Text) *fyne.Container {
	picture := container.NewGridWrap(fyne.NewSquareSize(14), widget.NewIcon(look.Tinted(icon, look.Muted)))
	return widgets.Row(4, container.NewCenter(picture), container.NewCenter(text))
}

// CreateRenderer implements fyne.Widget.
func (s *Status) CreateRenderer() fyne.WidgetRenderer {
	left := widgets.Row(2*look.Gap, pair("cpu", s.device), pair("memory", s.memory), s.netBox)
	line := container.NewHBox(left, layout.NewSpacer(), s.jobBox)
	padded := container.New(layout.NewCustomPaddedLayout(4, 4, 12, 12), line)
	return widget.NewSimpleRenderer(container.NewStack(widgets.NewFill(look.Rail, 0), widgets.Height(padded, 28)))
}
