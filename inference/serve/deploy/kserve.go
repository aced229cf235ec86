package deploy

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// KServe describes an InferenceService that serves a Triton repository.
type KServe struct {
	Out     string // folder of the YAML file
	Name    string // of the service; made to fit Kubernetes' rules
	Storage string // URI of the repository, such as pvc://models/repository
	Memory  string // such as 2Gi; empty: 2Gi
	CPUs    int    // 0: 2
}

// Write writes NAME.yaml and returns its path.
func (k KServe) Write() (path string, err error) {
	text, err := k.YAML()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(k.Out, 0o755); err != nil {
		return "", fmt.Errorf("deploy: %w", err)
	}
	path = filepath.Join(k.Out, serviceName(k.Name)+".yaml")
	if err := writeFile(path, []byte(text)); err != nil {
		return "", fmt.Errorf("deploy: %w", err)
	}
	return path, nil
}

// YAML is the InferenceService.
func (k KServe) YAML() (string, error) {
	name := serviceName(k.Name)
	if name == "" {
		return "", fmt.Errorf("%w: %q makes no name of a service: use letters and digits", ErrModel, k.Name)
	}
	if !strings.Contains(k.Storage, "://") {
		return "", fmt.Errorf("%w: %q is no URI of a storage: write it like pvc://models/repository or s3://bucket/repository", ErrModel, k.Storage)
	}
	memory := k.Memory
	if memory == "" {
		memory = "2Gi"
	}
	cpus := k.CPUs
	if cpus <= 0 {
		cpus = 2
	}
	lines := []string{
		"apiVersion: serving.kserve.io/v1beta1",
		"kind: InferenceService",
		"metadata:",
		"  name: " + name,
		"spec:",
		"  predictor:",
		"    model:",
		"      modelFormat:",
		"        name: triton",
		"      protocolVersion: v2",
		"      runtime: kserve-tritonserver",
		"      storageUri: " + strconv.Quote(k.Storage),
		"      resources:",
		"        requests:",
		fmt.Sprintf("          cpu: %q", strconv.Itoa(cpus)),
		"          memory: " + strconv.Quote(memory),
		"        limits:",
		fmt.Sprintf("          cpu: %q", strconv.Itoa(cpus)),
		"          memory: " + strconv.Quote(memory),
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// serviceName fits a name to the rules of DNS labels: lower case letters,
// digits and hyphens, at most 63.
func serviceName(name string) string {
	name = regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "-")
	return strings.Trim(name[:min(len(name), 63)], "-")
}
