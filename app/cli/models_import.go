package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"athanor/inference/onnx"
	"athanor/pipeline/wrap"
)

// newModelsImport is the command `athanor models import`.
func newModelsImport() *cobra.Command {
	var s wrap.Spec
	var labels, columns, out string
	var size int
	command := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a studio model of a foreign one: say once what it expects and answers",
		Long: "Write a copy of an ONNX picture classifier that says how pixels are prepared and what\n" +
			"its classes are called, or with --columns of a model of rows that says how its columns\n" +
			"are called, so that predict, evaluate, serve and the window can use it.\n" +
			"The original is not changed.",
		Example: "  athanor models import resnet.onnx --labels classes.txt --scale 0.00392157 \\\n" +
			"    --mean 0.485,0.456,0.406 --deviation 0.229,0.224,0.225 --out resnet-described.onnx\n" +
			"  athanor models import forest.onnx --columns length,width --labels setosa,virginica",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if labels != "" || columns == "" {
				if s.Labels, err = readLabels(labels); err != nil {
					return err
				}
			}
			s.Height, s.Width = size, size
			m, err := onnx.Load(args[0])
			if err == nil {
				err = m.LoadExternal(filepath.Dir(args[0]))
			}
			if err != nil {
				return err
			}
			copied, err := describe(m, s, columns)
			if err != nil {
				return err
			}
			if out == "" {
				out = strings.TrimSuffix(args[0], filepath.Ext(args[0])) + "-described.onnx"
			}
			if _, err := os.Lstat(out); err == nil {
				return fmt.Errorf("%s: %w; name another with --out", out, os.ErrExist)
			}
			if err := copied.Save(out); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), out)
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&labels, "labels", "", "classes in order: a file with one a line, or names with commas")
	flags.StringVar(&columns, "columns", "", "for a model of rows: its columns in order, a file with one a line, or names with commas; without --labels it answers with a number")
	flags.Float64Var(&s.Scale, "scale", 1, "by which pixels from 0 to 255 are multiplied")
	flags.Float64SliceVar(&s.Mean, "mean", nil, "then taken off, one number a channel")
	flags.Float64SliceVar(&s.Deviation, "deviation", nil, "then divided by, one number a channel")
	flags.BoolVar(&s.BGR, "bgr", false, "blue comes first")
	flags.StringVar(&s.Fit, "fit", "stretch", "how pictures come to size: stretch, cover or letterbox")
	flags.BoolVar(&s.Softmax, "softmax", false, "the output holds scores: turn them into probabilities")
	flags.IntVar(&size, "size", 224, "side of pictures where the model takes any")
	flags.StringVar(&out, "out", "", "file to write; FILE-described.onnx by default")
	return command
}

// describe makes the copy: of rows where columns are named, else of pictures.
func describe(m *onnx.Model, s wrap.Spec, columns string) (*onnx.Model, error) {
	if columns == "" {
		return wrap.Image(m, s)
	}
	names, err := readLabels(columns)
	if err != nil {
		return nil, err
	}
	return wrap.Table(m, wrap.TableSpec{Columns: names, Labels: s.Labels, Softmax: s.Softmax})
}

// readLabels reads a file with one name a line, or names with commas.
func readLabels(text string) ([]string, error) {
	if text == "" {
		return nil, errors.New("the classes need names: give --labels")
	}
	f, err := os.Open(text)
	if err != nil {
		return wrap.Names(text), nil //nolint:nilerr // no file: the names themselves
	}
	defer f.Close()
	var list []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name := strings.TrimSpace(lines.Text()); name != "" {
			list = append(list, name)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read labels %s: %w", text, err)
	}
	return list, nil
}
