package serve

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"athanor/inference/serve/oip"
)

// version is one loaded version of a model. It is closed once it was taken out
// of the registry and its last request is answered.
type version struct {
	model, id string
	runner    Runner
	batcher   *batcher
	stats     *modelStats
	users     sync.WaitGroup
}

func (v *version) release() { v.users.Done() }

// retire closes the version after its last user.
func (v *version) retire() {
	v.users.Wait()
	v.batcher.close()
}

// registry holds what is served. All methods are safe for concurrent use.
type registry struct {
	mu       sync.RWMutex
	models   map[string]map[string]*version
	stats    map[string]*modelStats // stays when a model goes, so that counters never fall
	retiring sync.WaitGroup
}

func newRegistry() *registry {
	return &registry{models: map[string]map[string]*version{}, stats: map[string]*modelStats{}}
}

// put adds a version, or replaces it where replace is set: requests that began
// with the old one end with it, all others take the new one.
func (g *registry) put(name, id string, r Runner, b Batching, replace bool) error {
	if err := checkName(name); err != nil {
		return err
	}
	if n, err := strconv.ParseUint(id, 10, 63); err != nil || n == 0 || id[0] == '0' {
		return fmt.Errorf("version %q of model %q must be a number from 1", id, name)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	old := g.models[name][id]
	if old != nil && !replace {
		return fmt.Errorf("model %q version %s %w", name, id, ErrExists)
	}
	if g.models[name] == nil {
		g.models[name] = map[string]*version{}
	}
	if g.stats[name] == nil {
		g.stats[name] = newModelStats()
	}
	stats := g.stats[name]
	g.models[name][id] = &version{
		model: name, id: id, runner: r, stats: stats,
		batcher: newBatcher(r, b, stats.batch),
	}
	if old != nil {
		g.retiring.Go(old.retire)
	}
	return nil
}

// checkName keeps names usable in addresses, file names and metrics.
func checkName(name string) error {
	if name == "" || len(name) > 128 {
		return fmt.Errorf("model name %q must have 1 to 128 bytes", name)
	}
	for i, c := range name {
		letter := (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
		if !letter && (i == 0 || (c != '-' && c != '_' && c != '.')) {
			return fmt.Errorf("model name %q may hold letters, digits, '-', '_' and '.', and begins with a letter or digit", name)
		}
	}
	return nil
}

// remove takes out one version, or all where id is empty. They are closed in
// the background, after their last request.
func (g *registry) remove(name, id string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	versions := g.models[name]
	if len(versions) == 0 || (id != "" && versions[id] == nil) {
		return unknown(name, id)
	}
	for key, v := range versions {
		if id == "" || id == key {
			delete(versions, key)
			g.retiring.Go(v.retire)
		}
	}
	if len(versions) == 0 {
		delete(g.models, name)
	}
	return nil
}

func unknown(name, id string) error {
	if id != "" {
		return fmt.Errorf("%w: '%s' version %s is not found", ErrUnknown, name, id)
	}
	return fmt.Errorf("%w: '%s' is not found", ErrUnknown, name)
}

// acquire returns a version, the highest where id is empty. The caller releases it.
func (g *registry) acquire(name, id string) (*version, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	v := g.models[name][id]
	if id == "" {
		v = latest(g.models[name])
	}
	if v == nil {
		return nil, unknown(name, id)
	}
	v.users.Add(1)
	return v, nil
}

func latest(versions map[string]*version) *version {
	var best *version
	for _, v := range versions {
		if best == nil || compareVersions(v.id, best.id) > 0 {
			best = v
		}
	}
	return best
}

func compareVersions(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// names lists the models, sorted.
func (g *registry) names() []string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	list := make([]string, 0, len(g.models))
	for name := range g.models {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// versions lists the versions of a model, the oldest first.
func (g *registry) versions(name string) []string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	list := make([]string, 0, len(g.models[name]))
	for id := range g.models[name] {
		list = append(list, id)
	}
	slices.SortFunc(list, compareVersions)
	return list
}

// close takes out everything and waits until all is closed, or ctx ends.
func (g *registry) close(ctx context.Context) error {
	for _, name := range g.names() {
		_ = g.remove(name, "") // gone meanwhile is as good
	}
	done := make(chan struct{})
	go func() {
		g.retiring.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close models: %w", ctx.Err())
	}
}

// infer runs one request on a version.
func (v *version) infer(ctx context.Context, in []oip.Tensor) (result, error) {
	r, err := v.batcher.submit(ctx, in)
	v.stats.waited.Add(int64(r.wait))
	v.stats.computed.Add(int64(r.spent))
	return r, err
}
