package training

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"athanor/app/store"
)

// CostName is the file in a run's folder that says what the training took. It
// is no part of the model, so that equal runs leave equal model files.
const CostName = "cost.json"

// Cost is what a training took.
type Cost struct {
	Seconds float64 `json:"seconds"` // pauses left out
	// Joules of the whole machine's processors; 0 where they count none.
	Joules float64 `json:"joules,omitempty"`
}

// ReadCost reads what the training of the run in dir took; zeros where nothing
// is written there.
func ReadCost(dir string) (Cost, error) {
	var c Cost
	text, err := os.ReadFile(filepath.Join(dir, CostName))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		return c, fmt.Errorf("read what the training took: %w", err)
	}
	return c, nil
}

// writeCost stores the seconds of the whole run and adds the joules of this part
// of it to those of earlier parts.
func writeCost(dir string, seconds, joules float64) error {
	before, err := ReadCost(dir)
	if err != nil {
		before = Cost{} // damaged: what is known now is better
	}
	text, err := json.Marshal(Cost{Seconds: seconds, Joules: before.Joules + joules})
	if err != nil {
		return fmt.Errorf("store what the training took: %w", err)
	}
	return store.WriteFile(filepath.Join(dir, CostName), text)
}
