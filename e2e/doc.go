// Package e2e drives the real program in a real window, as a person would: its
// test starts Athanor under Xvfb, trains by keyboard, looks at the store and at
// pictures of every screen. It runs where Xvfb, xdotool and import (ImageMagick)
// are installed.
package e2e
