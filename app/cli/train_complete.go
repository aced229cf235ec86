package cli

import (
	"slices"

	"athanor/pipeline/nn"
	"athanor/pipeline/train"

	"github.com/spf13/cobra"
)

// architectures are the names that --model takes for a task, or for any.
func architectures(task string) []string {
	var names []string
	for _, a := range nn.Architectures() {
		name := a.Name
		if name == "table-mlp" { // a recipe calls it as its task's mlp
			name = "mlp"
		}
		if (task == "" || a.Takes == task) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return slices.Sorted(slices.Values(names))
}

// completeTrain lets a shell offer what flags take; files stay what is offered for
// paths.
func completeTrain(command *cobra.Command) {
	offer := func(flag string, values func() []string) {
		// It fails for a flag that is not there or given twice, which the test would see.
		_ = command.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return values(), cobra.ShellCompDirectiveNoFileComp
		})
	}
	offer("task", func() []string { return []string{"image", "table", "text"} })
	offer("model", func() []string {
		task, _ := command.Flags().GetString("task")
		return architectures(task)
	})
	offer("device", func() []string { return []string{"auto", "cpu", "cuda", "webgpu"} })
	offer("precision", func() []string { return []string{train.AutoPrecision, train.Float16, train.Float32} })
	offer("device-loss", func() []string { return []string{train.LossContinue, train.LossStop} })
}
