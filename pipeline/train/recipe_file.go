package train

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxRecipe is the largest recipe file that is read, in bytes.
const maxRecipe = 1 << 20

// NoOperations as Data.Operations says that samples are taken as they are.
const NoOperations = "none"

// LoadRecipe reads a recipe file. A relative path of operations is taken from the
// file's folder, and so is one of a network where it lies there.
func LoadRecipe(path string) (Recipe, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Recipe{}, fmt.Errorf("read recipe: %w", err)
	}
	if info.Size() > maxRecipe {
		return Recipe{}, fmt.Errorf("%w: %s has %d bytes; a recipe is a short TOML file", ErrRecipe, path, info.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Recipe{}, fmt.Errorf("read recipe: %w", err)
	}
	r, err := ParseRecipe(text)
	if err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	if o := r.Data.Operations; o != "" && o != NoOperations && !filepath.IsAbs(o) {
		r.Data.Operations = filepath.Join(filepath.Dir(path), o)
	}
	for _, model := range r.models() {
		if beside := filepath.Join(filepath.Dir(path), *model); !filepath.IsAbs(*model) && isFile(beside) {
			*model = beside
		}
	}
	return r, nil
}

// models are the paths of networks from files, and of what belongs to them.
func (r *Recipe) models() (paths []*string) {
	if r.Transfer != nil {
		paths = append(paths, &r.Transfer.Model)
		if r.Transfer.Vocabulary != "" {
			paths = append(paths, &r.Transfer.Vocabulary)
		}
	}
	if r.Distill != nil {
		paths = append(paths, &r.Distill.Model)
	}
	return paths
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// ParseRecipe reads a recipe in TOML. An unknown key is an error that names the
// nearest known one.
func ParseRecipe(text []byte) (Recipe, error) {
	var r Recipe
	err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&r)
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		key := strings.Join(strict.Errors[0].Key(), ".")
		line, _ := strict.Errors[0].Position()
		return r, fmt.Errorf("%w: line %d: unknown key %q; did you mean %q?", ErrRecipe, line, key, nearestKey(key))
	}
	if err != nil {
		return r, fmt.Errorf("%w: %w", ErrRecipe, err)
	}
	return r, nil
}

// Text is the recipe as TOML.
func (r Recipe) Text() ([]byte, error) {
	text, err := toml.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write recipe: %w", err)
	}
	return text, nil
}

// nearestKey is the known key with the smallest edit distance.
func nearestKey(key string) string {
	best, distance := "", 1<<30
	for _, known := range recipeKeys("", reflect.TypeFor[Recipe]()) {
		if d := editDistance(key, known); d < distance {
			best, distance = known, d
		}
	}
	return best
}

func recipeKeys(prefix string, t reflect.Type) []string {
	var keys []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		if f.Type.Kind() == reflect.Struct {
			keys = append(keys, prefix+name)
			keys = append(keys, recipeKeys(prefix+name+".", f.Type)...)
			continue
		}
		keys = append(keys, prefix+name)
	}
	return keys
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			corner, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, corner+cost)
		}
	}
	return row[len(b)]
}
