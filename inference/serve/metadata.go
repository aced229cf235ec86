package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"athanor/inference/model"
	"athanor/inference/serve/oip"
)

// extensions are the parts of the protocol beyond its core that we speak.
func extensions() []string {
	return []string{"binary_tensor_data", "classification", "model_configuration", "model_repository", "model_repository(unload_dependents)", "statistics"}
}

func (s *Server) serverMetadata(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, map[string]any{
		"name": "athanor", "version": s.config.Version, "extensions": extensions(),
	})
	return nil
}

func (s *Server) live(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, map[string]bool{"live": true})
	return nil
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) error {
	code := http.StatusOK
	if s.draining.Load() {
		code = http.StatusServiceUnavailable
	}
	writeJSON(w, code, map[string]bool{"ready": code == http.StatusOK})
	return nil
}

// tensorInfo describes an input or output in metadata.
type tensorInfo struct {
	Name     string  `json:"name"`
	Datatype string  `json:"datatype"`
	Shape    []int64 `json:"shape"`
}

// modelInfo is the answer to a request for a model's metadata.
type modelInfo struct {
	Name       string            `json:"name"`
	Versions   []string          `json:"versions"`
	Platform   string            `json:"platform"`
	Inputs     []tensorInfo      `json:"inputs"`
	Outputs    []tensorInfo      `json:"outputs"`
	Properties map[string]string `json:"properties,omitempty"` // what a studio needs to ask
}

// properties are what the model's file tells a client.
func properties(r Runner) map[string]string {
	info := r.Info()
	list := map[string]string{}
	for _, p := range info.Shareable() {
		list[p.Key] = p.Value
	}
	return list
}

func tensorInfos(ports []model.Port) []tensorInfo {
	list := make([]tensorInfo, len(ports))
	for i, p := range ports {
		list[i] = tensorInfo{p.Name, oip.TypeName(p.Type), protocolShape(p)}
	}
	return list
}

func (s *Server) describe(v *version) modelInfo {
	return modelInfo{
		Name: v.model, Versions: s.models.versions(v.model), Platform: "onnxruntime_onnx",
		Inputs: tensorInfos(v.runner.Inputs()), Outputs: tensorInfos(v.runner.Outputs()),
		Properties: properties(v.runner),
	}
}

func (s *Server) modelMetadata(w http.ResponseWriter, r *http.Request) error {
	v, err := s.use(r.Context(), r.PathValue("model"), r.PathValue("version"))
	if err != nil {
		return err
	}
	defer v.release()
	writeJSON(w, http.StatusOK, s.describe(v))
	return nil
}

func (s *Server) modelReady(w http.ResponseWriter, r *http.Request) error {
	v, err := s.use(r.Context(), r.PathValue("model"), r.PathValue("version"))
	if err != nil {
		return err
	}
	defer v.release()
	writeJSON(w, http.StatusOK, map[string]any{"name": v.model, "ready": true})
	return nil
}

// modelConfig is Triton's model configuration, as far as it applies.
func (s *Server) modelConfig(w http.ResponseWriter, r *http.Request) error {
	v, err := s.use(r.Context(), r.PathValue("model"), r.PathValue("version"))
	if err != nil {
		return err
	}
	defer v.release()
	writeJSON(w, http.StatusOK, configOf(v))
	return nil
}

func configOf(v *version) map[string]any {
	rows := 0
	if v.batcher.joinable.Load() {
		rows = v.batcher.batching.MaxRows
	}
	return map[string]any{
		"name": v.model, "platform": "onnxruntime_onnx", "backend": "onnxruntime", "max_batch_size": rows,
		"input": configPorts(v.runner.Inputs(), rows > 0), "output": configPorts(v.runner.Outputs(), rows > 0),
	}
}

func configPorts(ports []model.Port, batched bool) []map[string]any {
	list := make([]map[string]any, len(ports))
	for i, p := range ports {
		dims := protocolShape(p)
		if batched {
			dims = dims[1:]
		}
		name := oip.TypeName(p.Type)
		if name == "BYTES" {
			name = "STRING"
		}
		list[i] = map[string]any{"name": p.Name, "data_type": "TYPE_" + name, "dims": dims}
	}
	return list
}

// count and time of a kind of work, as the statistics extension tells them.
func duration(count, nanoseconds int64) map[string]int64 {
	return map[string]int64{"count": count, "ns": nanoseconds}
}

func (s *Server) modelStatistics(w http.ResponseWriter, r *http.Request) error {
	names := s.models.names()
	if name := r.PathValue("model"); name != "" {
		v, err := s.use(r.Context(), name, r.PathValue("version"))
		if err != nil {
			return err
		}
		v.release()
		names = []string{name}
	}
	list := []map[string]any{}
	for _, name := range names {
		if !keyIn(r.Context()).mayUse(name) {
			continue
		}
		v, err := s.models.acquire(name, r.PathValue("version"))
		if err != nil {
			continue // it went meanwhile
		}
		list = append(list, statisticsOf(v))
		v.release()
	}
	writeJSON(w, http.StatusOK, map[string]any{"model_stats": list})
	return nil
}

func statisticsOf(v *version) map[string]any {
	st := v.stats
	requests, failures := st.requests.Load(), st.failures.Load()
	return map[string]any{
		"name": v.model, "version": v.id, "inference_count": st.rows.Load(), "execution_count": st.runs.Load(),
		"inference_stats": map[string]any{
			"success":       duration(requests-failures, st.waited.Load()+st.computed.Load()),
			"fail":          duration(failures, 0),
			"queue":         duration(requests-failures, st.waited.Load()),
			"compute_infer": duration(requests-failures, st.computed.Load()),
		},
	}
}

// Entry is one line of the repository index.
type Entry struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"`
}

// Index lists the models served, and those of the repository that are not.
func (s *Server) index(ctx context.Context, ready bool) ([]Entry, error) {
	list := []Entry{}
	for _, name := range s.models.names() {
		for _, id := range s.models.versions(name) {
			list = append(list, Entry{Name: name, Version: id, State: "READY"})
		}
	}
	if s.config.Repository != nil && !ready {
		names, err := s.config.Repository.Names(ctx)
		if err != nil {
			return nil, fmt.Errorf("list repository: %w", err)
		}
		for _, name := range names {
			if len(s.models.versions(name)) == 0 {
				list = append(list, Entry{Name: name, State: "UNAVAILABLE", Reason: "not loaded"})
			}
		}
	}
	key := keyIn(ctx)
	return slices.DeleteFunc(list, func(e Entry) bool { return !key.mayUse(e.Name) }), nil
}

func (s *Server) repositoryIndex(w http.ResponseWriter, r *http.Request) error {
	body, release, err := s.body(w, r)
	if err != nil {
		return err
	}
	defer release()
	var q struct {
		Ready bool `json:"ready"`
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &q); err != nil {
			return fmt.Errorf("%w: %w", oip.ErrRequest, err)
		}
	}
	list, err := s.index(r.Context(), q.Ready)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, list)
	return nil
}

// manage says whether the request may change what is served.
func (s *Server) manage(ctx context.Context, name string) error {
	key := keyIn(ctx)
	if !key.mayUse(name) || !key.mayManage() {
		return &statusError{status: http.StatusForbidden, text: fmt.Sprintf("this key may not load or unload model '%s'", name)}
	}
	return nil
}

func (s *Server) repositoryLoad(w http.ResponseWriter, r *http.Request) error {
	if err := s.load(r.Context(), r.PathValue("model")); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct{}{})
	return nil
}

// load opens a model of the repository and serves it in place of an older one.
func (s *Server) load(ctx context.Context, name string) error {
	if err := s.manage(ctx, name); err != nil {
		return err
	}
	if s.config.Repository == nil {
		return &statusError{status: http.StatusBadRequest, text: fmt.Sprintf("failed to load '%s', this service has no repository", name)}
	}
	r, id, err := s.config.Repository.Open(ctx, name)
	if errors.Is(err, ErrUnknown) {
		return &statusError{status: http.StatusBadRequest, text: fmt.Sprintf("failed to load '%s', failed to poll from model repository", name)}
	}
	if err != nil {
		s.config.Log.Error("load failed", "model", name, "error", err)
		return &statusError{status: http.StatusBadRequest, text: fmt.Sprintf("failed to load '%s', the file cannot be used", name)}
	}
	if err := s.Swap(name, id, r); err != nil {
		r.Close()
		return err
	}
	return nil
}

func (s *Server) repositoryUnload(w http.ResponseWriter, r *http.Request) error {
	if err := s.unload(r.Context(), r.PathValue("model")); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct{}{})
	return nil
}

func (s *Server) unload(ctx context.Context, name string) error {
	if err := s.manage(ctx, name); err != nil {
		return err
	}
	return s.models.remove(name, "")
}
