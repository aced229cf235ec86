package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"athanor/app/device"
	"athanor/app/doctor"
	"athanor/app/project"
	"athanor/inference/runtime"
)

// ErrUnwell says that doctor found something missing.
var ErrUnwell = errors.New("something is missing; run the commands shown above")

// newDoctor is the command `athanor doctor`.
func newDoctor() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Say what is installed, what is missing and the one command that mends it",
		Long: "Look at this machine and say what Athanor finds, what is missing and the one\n" +
			"command that mends it. Fails when something is missing that part of the studio\n" +
			"cannot work without.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings := doctor.Check(cmd.Context(), doctor.Host{
				DataDir: dataDir(), Runtime: doctor.ThisRuntime, Devices: runtime.Devices, Test: doctor.DeviceTest(device.Own()),
			})
			if err := showFindings(cmd.OutOrStdout(), findings, asJSON); err != nil {
				return err
			}
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if doctor.Worst(findings) == doctor.Missing {
				return ErrUnwell
			}
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print the findings as one JSON array")
	return command
}

// showFindings prints the findings for a person, or as JSON with the message in.
func showFindings(out io.Writer, findings []doctor.Finding, asJSON bool) error {
	lang := language(os.Getenv)
	if asJSON {
		type said struct {
			doctor.Finding
			Title   string `json:"title"`
			Message string `json:"message"`
		}
		list := make([]said, 0, len(findings))
		for _, f := range findings {
			list = append(list, said{f, f.Title(lang), f.Message(lang)})
		}
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(list)
	}
	marks := map[doctor.State]string{doctor.OK: "✓", doctor.Optional: "·", doctor.Warning: "!", doctor.Missing: "✗"}
	for _, f := range findings {
		fmt.Fprintf(out, "%s %s %s\n", marks[f.State], padded(f.Title(lang), 15), f.Message(lang))
		if f.Cure != "" {
			fmt.Fprintf(out, "  %s → %s\n", padded("", 15), f.Cure)
		}
	}
	return nil
}

// padded fills s with spaces to a number of terminal columns; a Chinese
// character takes two.
func padded(s string, columns int) string {
	width := 0
	for _, r := range s {
		width++
		if r >= 0x2e80 {
			width++
		}
	}
	return s + strings.Repeat(" ", max(0, columns-width))
}

// language is the person's language tag, from the variables that the C library reads.
func language(env func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := env(name); value != "" {
			if strings.HasPrefix(value, "zh") {
				return "zh"
			}
			return "en"
		}
	}
	return "en"
}

// chosenLanguage is what the window's settings say, else the system's.
func chosenLanguage() string {
	if paths, err := project.DefaultPaths(); err == nil {
		if s, err := project.LoadSettings(paths.Settings()); err == nil && s.Language != "" {
			return s.Language
		}
	}
	return language(os.Getenv)
}

// dataDir is where projects and runs are kept, as for the window.
func dataDir() string {
	paths, err := project.DefaultPaths()
	if err != nil { // no home at all: a container's bare user
		return filepath.Join(os.TempDir(), "athanor")
	}
	return paths.Data
}
