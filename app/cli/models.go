package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"athanor/inference/model"
	"athanor/inference/remote"
	"athanor/inference/serve"
)

// newModels is the command group `athanor models`.
func newModels() *cobra.Command {
	var r remoteFlags
	group := &cobra.Command{
		Use:   "models",
		Short: "List, describe and measure models, of this machine or of a service",
	}
	r.register(group)
	group.AddCommand(newModelsCompare(), newModelsSuspects(), newModelsList(&r), newModelsShow(&r), newModelsLoad(&r), newModelsQuantize(), newModelsImport())
	return group
}

// remoteFlags say which service is meant; without one it is this machine.
type remoteFlags struct{ url, keyEnv, fingerprint string }

func (r *remoteFlags) register(command *cobra.Command) {
	flags := command.PersistentFlags()
	flags.StringVar(&r.url, "remote", "", "address of a service that speaks the Open Inference Protocol v2")
	flags.StringVar(&r.keyEnv, "key-env", "ATHANOR_KEY", "environment variable that holds the service's key")
	flags.StringVar(&r.fingerprint, "fingerprint", "", "SHA-256 of the service's own certificate")
}

func (r *remoteFlags) client() (*remote.Client, error) {
	return remote.New(r.url, remote.Options{Key: os.Getenv(r.keyEnv), Fingerprint: r.fingerprint})
}

// open opens a model of this machine by path, or of the service by name.
func (r *remoteFlags) open(ctx context.Context, name string, o model.Options) (m *model.Model, done func(), err error) {
	if r.url == "" {
		path, err := serve.FindModel(name)
		if err != nil {
			return nil, nil, err
		}
		m, err := model.Open(path, o)
		return m, func() { m.Close() }, err
	}
	client, err := r.client()
	if err != nil {
		return nil, nil, err
	}
	if m, err = client.Open(ctx, name, ""); err != nil {
		client.Close()
		return nil, nil, err
	}
	return m, func() { m.Close(); client.Close() }, nil
}

func newModelsList(r *remoteFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list [FOLDER]",
		Short: "List the models of a folder, or with --remote those of a service",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if r.url != "" {
				return listRemote(cmd, r)
			}
			folder := "."
			if len(args) > 0 {
				folder = args[0]
			}
			names, err := serve.Folder{Path: folder}.Names(cmd.Context())
			for _, name := range names {
				fmt.Fprintln(cmd.OutOrStdout(), name)
			}
			return err
		},
	}
}

func listRemote(cmd *cobra.Command, r *remoteFlags) error {
	client, err := r.client()
	if err != nil {
		return err
	}
	defer client.Close()
	list, err := client.Models(cmd.Context())
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, e := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", e.Name, e.Version, e.State, e.Reason)
	}
	return table.Flush()
}

func newModelsShow(r *remoteFlags) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "show MODEL",
		Short: "Say what a model reads and answers, its labels and its size",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := r.describe(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(shown(info))
			}
			return show(cmd.OutOrStdout(), info)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

// describe needs no runtime for a model of this machine.
func (r *remoteFlags) describe(ctx context.Context, name string) (model.Info, error) {
	if r.url == "" {
		path, err := serve.FindModel(name)
		if err != nil {
			return model.Info{}, err
		}
		return model.DescribeFile(path)
	}
	m, done, err := r.open(ctx, name, model.Options{})
	if err != nil {
		return model.Info{}, err
	}
	defer done()
	return m.Info(), nil
}

// modelShown is what `models show --json` prints.
type modelShown struct {
	Task        string            `json:"task,omitempty"`
	Labels      []string          `json:"labels,omitempty"`
	Inputs      map[string]string `json:"inputs"`
	Outputs     map[string]string `json:"outputs"`
	Producer    string            `json:"producer,omitempty"`
	Opset       int64             `json:"opset,omitempty"`
	Nodes       int               `json:"nodes,omitempty"`
	Parameters  int64             `json:"parameters,omitempty"`
	Bytes       int64             `json:"bytes,omitempty"`
	Fingerprint string            `json:"fingerprint,omitempty"`
	Memory      int64             `json:"memory,omitempty"` // bytes, about, when opened
	Needs       []string          `json:"needs,omitempty"`  // operators of other makers
	Metadata    []string          `json:"metadata,omitempty"`
}

func shown(i model.Info) modelShown {
	ports := func(list []model.Port) map[string]string {
		out := map[string]string{}
		for _, p := range list {
			out[p.Name] = p.Text
		}
		return out
	}
	s := modelShown{
		Task: string(i.Task), Labels: i.Labels, Inputs: ports(i.Inputs), Outputs: ports(i.Outputs), Producer: i.Producer,
		Opset: i.Opset, Nodes: i.Nodes, Parameters: i.Parameters, Bytes: i.Size, Fingerprint: i.Fingerprint,
		Memory: i.Memory(), Needs: i.Foreign,
	}
	for _, p := range i.Metadata {
		s.Metadata = append(s.Metadata, p.Key)
	}
	return s
}

func show(out io.Writer, i model.Info) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" && value != "0" {
			fmt.Fprintf(table, "%s\t%s\n", name, value)
		}
	}
	line("task", string(i.Task))
	line("labels", strings.Join(i.Labels, ", "))
	for _, p := range i.Inputs {
		line("input", p.Name+"  "+p.Text)
	}
	for _, p := range i.Outputs {
		line("output", p.Name+"  "+p.Text)
	}
	line("producer", i.Producer)
	line("opset", fmt.Sprint(i.Opset))
	line("nodes", fmt.Sprint(i.Nodes))
	line("parameters", fmt.Sprint(i.Parameters))
	line("bytes", fmt.Sprint(i.Size))
	line("memory", fmt.Sprintf("about %d MB when opened", i.Memory()>>20))
	line("needs", strings.Join(i.Foreign, ", "))
	line("metadata", strings.Join(shown(i).Metadata, ", "))
	return table.Flush()
}

func newModelsLoad(r *remoteFlags) *cobra.Command {
	var test remote.LoadTest
	command := &cobra.Command{
		Use:   "load-test MODEL",
		Short: "Ask a model over and over with zeros and say how fast it answers",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, done, err := r.open(cmd.Context(), args[0], model.Options{})
			if err != nil {
				return err
			}
			defer done()
			measured, err := test.Model(cmd.Context(), m)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d requests in %.1f s, %d failed: %.0f a second, p50 %v, p90 %v, p99 %v, longest %v\n",
				measured.Requests, measured.Seconds, measured.Failures, measured.PerSecond,
				rounded(measured.P50), rounded(measured.P90), rounded(measured.P99), rounded(measured.Max))
			if measured.Unsent > 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "%d more were due and not sent, as all %d workers waited: the service is slower than %g a second\n",
					measured.Unsent, test.Workers, test.PerSecond)
			}
			return measured.FirstErr
		},
	}
	flags := command.Flags()
	flags.IntVar(&test.Workers, "workers", 8, "requests under way at once")
	flags.DurationVar(&test.Duration, "duration", 5*time.Second, "how long")
	flags.Float64Var(&test.PerSecond, "per-second", 0, "requests a second, evenly; 0: as fast as answers come")
	return command
}

func rounded(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
