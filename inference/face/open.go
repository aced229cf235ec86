package face

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"athanor/inference/fetch"
	"athanor/inference/runtime"
)

// Names lists the detectors by name. The first two need no model file.
func Names() []string { return []string{"haar", "haar-alt2", "yunet", "ultraface"} }

// OpenConfig says where models are and how they run.
type OpenConfig struct {
	// Models are model files that the person named; each is used by the detector
	// it is for. A .xml file is a cascade for haar.
	Models []string
	// Folder is where fetched models lie.
	Folder  string
	Options runtime.Options
}

// Open opens a detector by name. A learned one takes its model from cfg.Models,
// then from cfg.Folder; where there is none, the error names the way to get it.
func Open(name string, cfg OpenConfig) (Detector, error) {
	switch name {
	case "haar":
		for _, path := range cfg.Models {
			if strings.EqualFold(filepath.Ext(path), ".xml") {
				return NewHaar(path)
			}
		}
		return NewHaar(name)
	case "haar-alt2":
		return NewHaar(name)
	case "yunet", "ultraface":
		return openNamed(name, cfg)
	}
	return nil, fmt.Errorf("%w: %q; there are %s", ErrDetector, name, strings.Join(Names(), ", "))
}

func openNamed(name string, cfg OpenConfig) (Detector, error) {
	var others []string
	for _, path := range cfg.Models {
		if strings.EqualFold(filepath.Ext(path), ".xml") {
			continue
		}
		d, err := OpenModel(path, cfg.Options)
		if err != nil {
			return nil, err
		}
		if d.Name() == name {
			return d, nil
		}
		others = append(others, fmt.Sprintf("%s is for %s", path, d.Name()))
		_ = d.Close()
	}
	item, err := fetch.Find(name)
	if err != nil {
		return nil, err
	}
	if path, have := fetch.Have(item, cfg.Folder); have {
		return OpenModel(path, cfg.Options)
	}
	if len(others) > 0 {
		return nil, fmt.Errorf("%w %s: %s", ErrModel, name, strings.Join(others, "; "))
	}
	return nil, fmt.Errorf("%s needs its model file (%s, %d kB, %s), which is not here: get it with `athanor faces --fetch %s`, or name it with --model: %w",
		name, item.File, item.Size/1000, item.License, name, os.ErrNotExist)
}

// OpenAll opens every detector that this machine has what it takes for; the
// cascades are always among them where OpenCV's data is installed. Where the
// device that was asked for cannot be used, the detectors run on the CPU and the
// error says why; they are usable all the same.
func OpenAll(cfg OpenConfig) ([]Detector, error) {
	var list []Detector
	var trouble error
	for _, name := range Names() {
		d, err := Open(name, cfg)
		if errors.Is(err, runtime.ErrDevice) {
			trouble, cfg.Options.Device = err, "cpu"
			d, err = Open(name, cfg)
		}
		if err == nil {
			list = append(list, d)
		}
	}
	return list, trouble
}
