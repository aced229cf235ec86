package face

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// addSound copies the sound of the original to a silent video, when the program
// ffmpeg is on this machine. Metadata stays behind. It returns what it did, in a
// word for the person.
func addSound(ctx context.Context, video, original string) (string, error) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		return "left out: install ffmpeg to keep it", nil
	}
	both := strings.TrimSuffix(video, filepath.Ext(video)) + "-sound" + filepath.Ext(video)
	defer os.Remove(both)
	abs, err := filepath.Abs(original)
	if err != nil {
		return "", fmt.Errorf("add sound: %w", err)
	}
	cmd := exec.CommandContext(ctx, ffmpeg, "-nostdin", "-v", "error", "-y", "-i", video, "-i", "file:"+abs,
		"-map", "0:v:0", "-map", "1:a:0?", "-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1", "file:"+both)
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "left out: ffmpeg says " + firstLine(string(out)), nil
	}
	if err := os.Rename(both, video); err != nil {
		return "", fmt.Errorf("add sound: %w", err)
	}
	return "kept if there was any", nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
