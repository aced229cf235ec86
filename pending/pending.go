//go:build pending

// Package pending keeps modules in go.mod until the package that needs them lands.
package pending

import (
	_ "fyne.io/fyne/v2/app"
	_ "github.com/jonreiter/govader"
	_ "github.com/parquet-go/parquet-go"
	_ "github.com/pelletier/go-toml/v2"
	_ "github.com/spf13/cobra"
	_ "github.com/yalue/onnxruntime_go"
	_ "gocv.io/x/gocv"
	_ "golang.org/x/image/draw"
	_ "golang.org/x/sync/errgroup"
	_ "golang.org/x/sys/unix"
	_ "golang.org/x/term"
	_ "golang.org/x/text/encoding"
	_ "gonum.org/v1/gonum/stat"
	_ "gonum.org/v1/plot"
	_ "gonum.org/v1/plot/plotter"
	_ "gonum.org/v1/plot/vg/vgimg"
	_ "gonum.org/v1/plot/vg/vgsvg"
	_ "gonum.org/v1/plot/vg/vgpdf"
	_ "google.golang.org/protobuf/encoding/protowire"
	_ "google.golang.org/grpc"
	_ "modernc.org/sqlite"
)
