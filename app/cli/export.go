package cli

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"athanor/inference/serve"
	"athanor/inference/serve/deploy"
)

// newExport is the command group `athanor export`.
func newExport() *cobra.Command {
	group := &cobra.Command{
		Use:   "export",
		Short: "Write what larger services need to serve models: Triton, KServe",
	}
	group.AddCommand(newExportTriton(), newExportKServe())
	return group
}

// exportFlags are those of both kinds.
type exportFlags struct {
	out, version    string
	maxBatch, delay int
}

func (f *exportFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.out, "out", "", "folder of the model repository")
	flags.StringVar(&f.version, "version", "1", "version of the models")
	flags.IntVar(&f.maxBatch, "max-batch", 64, "rows run at once")
	flags.IntVar(&f.delay, "max-delay-us", 1000, "microseconds to wait for a fuller batch")
}

// write adds the models to the repository and returns their names.
func (f *exportFlags) write(cmd *cobra.Command, args []string) ([]string, error) {
	if f.out == "" {
		return nil, errors.New("--out is missing: the folder of the model repository")
	}
	var names []string
	for _, arg := range args {
		file, err := serve.ParseModelFile(arg)
		if err != nil {
			return nil, err
		}
		file.Version = f.version
		if _, err := (deploy.Triton{Out: f.out, MaxRows: f.maxBatch, DelayUS: f.delay}).Write(file); err != nil {
			return nil, err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s version %s\n", file.Name, file.Version)
		names = append(names, file.Name)
	}
	return names, nil
}

func newExportTriton() *cobra.Command {
	var f exportFlags
	command := &cobra.Command{
		Use:     "triton [NAME=]MODEL… --out DIR",
		Short:   "Write a model repository of Triton: configuration, versions, labels, warm-up",
		Example: "  athanor export triton runs/2026-11-23-digits --out repository\n  tritonserver --model-repository repository",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := f.write(cmd, args)
			return err
		},
	}
	f.register(command)
	return command
}

func newExportKServe() *cobra.Command {
	var f exportFlags
	var k deploy.KServe
	command := &cobra.Command{
		Use:   "kserve [NAME=]MODEL… --out DIR --storage URI",
		Short: "Write a model repository and the InferenceService of KServe that serves it",
		Example: "  athanor export kserve digits=model.onnx --out repository --storage pvc://models/repository\n" +
			"  kubectl apply -f repository.service/digits.yaml",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			k.Out = f.out + ".service"
			trial := k
			trial.Name = cmp.Or(k.Name, "model")
			if _, err := trial.YAML(); err != nil {
				return err // before anything is written
			}
			names, err := f.write(cmd, args)
			if err != nil {
				return err
			}
			if k.Name == "" {
				k.Name = names[0]
			}
			path, err := k.Write()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "put %s at %s, then: kubectl apply -f %s\n", f.out, k.Storage, path)
			return nil
		},
	}
	f.register(command)
	flags := command.Flags()
	flags.StringVar(&k.Storage, "storage", "", "URI where the cluster finds the repository, such as pvc://models/repository")
	flags.StringVar(&k.Name, "name", "", "name of the service; the first model's by default")
	flags.StringVar(&k.Memory, "memory", "2Gi", "memory of the service")
	flags.IntVar(&k.CPUs, "cpus", 2, "processors of the service")
	return command
}
