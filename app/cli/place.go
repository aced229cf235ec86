package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"athanor/app/device"
	"athanor/inference/model"
	"athanor/inference/runtime"
)

// deviceFlag registers --device for commands that run models.
func deviceFlag(command *cobra.Command, name *string) {
	command.Flags().StringVar(name, "device", "", "auto, cpu, webgpu[:n] or cuda[:n]; the processor takes the place of one that fails")
}

// modelOptions tests the device that a person named. Where the processor takes its
// place, now or later, a sentence on standard error says why.
func modelOptions(cmd *cobra.Command, threads int, name string) (model.Options, error) {
	if err := runtime.CheckDevice(name); err != nil {
		return model.Options{}, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	return device.Options(cmd.Context(), name, threads, func(note string) { fmt.Fprintln(cmd.ErrOrStderr(), "athanor:", note) })
}
