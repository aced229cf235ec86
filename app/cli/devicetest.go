package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"athanor/app/device"
)

// newDeviceTest is the command `athanor device-test DEVICE LENGTH`, by which
// the studio tests a device in a process of its own.
func newDeviceTest() *cobra.Command {
	return &cobra.Command{
		Use:    device.Command + " DEVICE LENGTH",
		Short:  "Test one device and print what it measured as JSON",
		Hidden: true,
		Args:   cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			length, err := time.ParseDuration(args[1])
			if err != nil {
				return fmt.Errorf("how long to test: %w", err)
			}
			speed, err := device.InProcess(cmd.Context(), args[0], length)
			m := device.Measured{GFLOPS: speed.GFLOPS, StartMS: float64(speed.Start) / float64(time.Millisecond)}
			if err != nil {
				m.Error = err.Error()
			}
			return json.NewEncoder(cmd.OutOrStdout()).Encode(m)
		},
	}
}
