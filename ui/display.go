package ui

import (
	"errors"
	"fmt"
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
)

// ErrNoDisplay says that there is no screen to open a window on.
var ErrNoDisplay = errors.New("there is no display to open the window on: set DISPLAY, or use the commands (athanor --help; athanor demo trains without a screen)")

// ErrUnreachable says that the display that is named is not there.
var ErrUnreachable = errors.New("the display cannot be reached: check DISPLAY and whether you may use it (xauth), or use the commands (athanor --help; athanor demo trains without a screen)")

// ErrNoOpenGL says that the display cannot draw the window.
var ErrNoOpenGL = errors.New("this display offers no OpenGL to draw the window with: install libgl1-mesa-dri (software OpenGL is enough), or use the commands (athanor --help; athanor demo trains without a screen)")

// prepareDisplay refuses a machine without a display and chooses X11 where an
// input method is set up: GLFW's Wayland side has none, so Chinese could not be
// typed there.
func prepareDisplay() error {
	x11, wayland := os.Getenv("DISPLAY"), os.Getenv("WAYLAND_DISPLAY")
	if x11 == "" && wayland == "" {
		return ErrNoDisplay
	}
	if x11 != "" && wayland != "" && os.Getenv("FYNE_PLATFORM") == "" {
		if err := os.Setenv("FYNE_PLATFORM", "x11"); err != nil {
			return fmt.Errorf("choose X11: %w", err)
		}
	}
	return nil
}

// show brings a window to the screen. Fyne 2.8 only logs that there is no display to
// connect to, and panics at the window then.
func show(w fyne.Window) (err error) {
	defer func() {
		if gone := recover(); gone != nil {
			err = fmt.Errorf("%w: %v", ErrUnreachable, gone)
		}
	}()
	w.Show()
	if !onScreen(w) {
		return ErrNoOpenGL
	}
	return nil
}

// onScreen reports whether a shown window really exists: Fyne only logs it where
// none could be made.
func onScreen(w fyne.Window) bool {
	native, ok := w.(driver.NativeWindow)
	if !ok {
		return true
	}
	there := true
	native.RunNative(func(context any) {
		switch c := context.(type) {
		case driver.X11WindowContext:
			there = c.WindowHandle != 0
		case driver.WaylandWindowContext:
			there = c.WaylandSurface != 0
		}
	})
	return there
}
