package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"athanor/inference/face"
	"athanor/inference/fetch"
	"athanor/inference/runtime"
	"athanor/inference/vision"
)

// facesFlags are what the command line of `athanor faces` says.
type facesFlags struct {
	detectors, models []string
	params            face.Params
	threads, frames   int
	device            string
	json              bool
	draw              string
	anonymize, out    string
	score             string
	iou               float32
	fetch             string
	yes, cameras      bool
}

// newFaces is the command `athanor faces`.
func newFaces() *cobra.Command {
	var f facesFlags
	command := &cobra.Command{
		Use:   "faces SOURCE…",
		Short: "Find, follow and hide faces in pictures, folders, videos, cameras and streams",
		Long: "Find faces in each SOURCE: a picture, a folder, a video, a camera (0, /dev/video0) or\n" +
			"an address (http://…, rtsp://…). The cascade detector (haar) needs no model; yunet and\n" +
			"ultraface take theirs from --model, or from --fetch. Nothing is written except where\n" +
			"--draw and --out say.",
		Example: "  athanor faces holiday/ --draw found\n" +
			"  athanor faces 0 --detector yunet --json\n" +
			"  athanor faces party.mp4 --anonymize blur --out party-anonymous.mp4\n" +
			"  athanor faces photos/ --detector haar,yunet --score boxes.csv\n" +
			"  athanor faces --fetch yunet",
		RunE: func(cmd *cobra.Command, args []string) error { return runFaces(cmd, args, f) },
	}
	f.register(command)
	return command
}

func (f *facesFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringSliceVar(&f.detectors, "detector", nil, "haar (default), haar-alt2, yunet, ultraface; several with commas")
	flags.StringArrayVar(&f.models, "model", nil, "model file of a learned detector (.onnx), or a cascade (.xml)")
	flags.IntVar(&f.params.MinSize, "min-size", 0, "least side of a face in pixels")
	flags.Float32Var(&f.params.Confidence, "confidence", 0, "least score of a face, 0 to 1")
	flags.Float32Var(&f.params.NMS, "nms", 0, "boxes that overlap more than this are one face")
	flags.IntVar(&f.params.Side, "side", 0, "longest side that yunet sees; smaller is faster")
	flags.Float64Var(&f.params.Scale, "scale", 0, "growth of haar's window from scale to scale")
	flags.IntVar(&f.params.Neighbors, "neighbors", 0, "overlapping hits that make a face for haar")
	flags.BoolVar(&f.params.Plain, "plain", false, "leave out haar's second look")
	flags.IntVar(&f.threads, "threads", 0, "threads of a learned detector")
	flags.StringVar(&f.device, "device", "", "auto, cpu, webgpu[:n] or cuda[:n]")
	flags.IntVar(&f.frames, "frames", 0, "stop after this many frames of each source")
	flags.BoolVar(&f.json, "json", false, "print one JSON object for each picture or frame")
	flags.StringVar(&f.draw, "draw", "", "folder to write pictures with boxes to")
	flags.StringVar(&f.anonymize, "anonymize", "", "blur, pixelate or cover the faces; needs --out")
	flags.StringVar(&f.out, "out", "", "file, or folder for a folder, that --anonymize writes")
	flags.StringVar(&f.score, "score", "", "table of true boxes (image,x,y,w,h) to score the detectors against")
	flags.Float32Var(&f.iou, "iou", 0.4, "overlap with a true box that counts as a hit")
	flags.StringVar(&f.fetch, "fetch", "", "fetch a model by name: yunet or ultraface")
	flags.BoolVar(&f.yes, "yes", false, "fetch without asking")
	flags.BoolVar(&f.cameras, "cameras", false, "list the cameras of this machine")
}

func runFaces(cmd *cobra.Command, sources []string, f facesFlags) error {
	if f.cameras {
		return listCameras(cmd.OutOrStdout())
	}
	if f.fetch != "" {
		return fetchModel(cmd, f.fetch, f.yes)
	}
	if len(sources) == 0 {
		return fmt.Errorf("%w: no source: name pictures, a folder, a video, a camera (0) or an address; --cameras lists cameras", ErrUsage)
	}
	if err := f.check(len(sources)); err != nil {
		return err
	}
	if f.anonymize != "" {
		return runAnonymize(cmd, sources[0], f)
	}
	detectors, err := f.open()
	if err != nil {
		return err
	}
	defer closeDetectors(detectors)
	if f.score != "" {
		return runScore(cmd, sources, detectors, f)
	}
	return runDetect(cmd, sources, detectors, f)
}

// check refuses what cannot be meant, before anything is opened.
func (f *facesFlags) check(sources int) error {
	p := f.params
	share := func(v float32) bool { return v >= 0 && v <= 1 }
	for _, rule := range []struct {
		kept bool
		told string
	}{
		{share(p.Confidence) && share(p.NMS) && share(f.iou) && f.iou > 0, "--confidence, --nms and --iou are between 0 and 1"},
		{min(p.MinSize, p.Side, p.Neighbors, f.frames, f.threads) >= 0, "--min-size, --side, --neighbors, --frames and --threads are not negative"},
		{p.Scale == 0 || p.Scale >= 1.01 && p.Scale <= 4, "--scale is between 1.01 and 4"},
		{f.anonymize == "" || f.out != "", "--anonymize needs --out, the file or folder to write"},
		{f.anonymize == "" || sources == 1, "--anonymize takes one source: put pictures into a folder"},
		{f.out == "" || f.anonymize != "", "--out is where --anonymize writes; use --draw for pictures with boxes"},
	} {
		if !rule.kept {
			return fmt.Errorf("%w: %s", ErrUsage, rule.told)
		}
	}
	if f.anonymize == "" {
		return nil
	}
	_, err := vision.ParseStyle(f.anonymize)
	return err
}

func (f *facesFlags) config() face.OpenConfig {
	return face.OpenConfig{
		Models: f.models, Folder: modelDir(),
		Options: runtime.Options{Threads: f.threads, Device: f.device},
	}
}

// open opens the detectors that were asked for: by name, else by the models
// named, else the one that needs none.
func (f *facesFlags) open() ([]face.Detector, error) {
	names := f.detectors
	if len(names) == 0 && len(f.models) > 0 {
		return f.openModels()
	}
	if len(names) == 0 {
		names = []string{"haar"}
	}
	var list []face.Detector
	for _, name := range names {
		d, err := face.Open(strings.TrimSpace(name), f.config())
		if err != nil {
			closeDetectors(list)
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

func (f *facesFlags) openModels() ([]face.Detector, error) {
	var list []face.Detector
	for _, path := range f.models {
		var d face.Detector
		var err error
		if strings.EqualFold(filepath.Ext(path), ".xml") {
			d, err = face.NewHaar(path)
		} else {
			d, err = face.OpenModel(path, f.config().Options)
		}
		if err != nil {
			closeDetectors(list)
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

func closeDetectors(list []face.Detector) {
	for _, d := range list {
		_ = d.Close()
	}
}

// modelDir is where fetched models lie.
func modelDir() string { return filepath.Join(dataDir(), "models") }

func listCameras(out io.Writer) error {
	cameras, err := vision.Cameras()
	if err != nil {
		return err
	}
	if len(cameras) == 0 {
		fmt.Fprintln(out, "No camera found. Plug one in, or use a picture, a folder, a video or an address.")
		return nil
	}
	for _, c := range cameras {
		fmt.Fprintf(out, "%d  %s  %s\n", c.Index, c.Path, c.Name)
		for _, format := range c.Formats {
			fmt.Fprintf(out, "     %s %d×%d, up to %.0f frames/s\n", format.Code, format.W, format.H, format.FPS)
		}
	}
	return nil
}

// fetchModel shows licence and size, asks, and fetches.
func fetchModel(cmd *cobra.Command, name string, yes bool) error {
	item, err := fetch.Find(name)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if path, have := fetch.Have(item, modelDir()); have {
		fmt.Fprintf(out, "%s is here: %s\n", item.Title, path)
		return nil
	}
	fmt.Fprintf(out, "%s\n  licence  %s\n  size     %d kB\n  from     %s\n  SHA-256  %s\n", item.Title, item.License, item.Size/1000, item.URL, item.SHA256)
	if !yes && !agreed(cmd) {
		return errors.New("nothing was fetched; say y, or use --yes")
	}
	return download(cmd.Context(), out, item)
}

func agreed(cmd *cobra.Command) bool {
	fmt.Fprint(cmd.OutOrStdout(), "Fetch it? [y/N] ")
	line, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}

func download(ctx context.Context, out io.Writer, item fetch.Item) error {
	path, err := fetch.Get(ctx, item, fetch.Config{Dir: modelDir()})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Checked and saved: %s\n", path)
	return nil
}
