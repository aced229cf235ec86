package serve_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"athanor/inference/serve"
)

// schema checks a value against the parts of JSON Schema that the description uses.
type schema struct{ doc map[string]any }

func (s schema) check(v any, rule map[string]any, at string) error {
	if ref, ok := rule["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		return s.check(v, s.doc["components"].(map[string]any)["schemas"].(map[string]any)[name].(map[string]any), at)
	}
	if kind, ok := rule["type"]; ok && !isKind(v, kind) {
		return fmt.Errorf("%s: %v is no %v", at, v, kind)
	}
	if list, ok := rule["enum"].([]any); ok && !slices.Contains(list, v) {
		return fmt.Errorf("%s: %v is none of %v", at, v, list)
	}
	if low, ok := rule["minimum"].(float64); ok && v.(float64) < low {
		return fmt.Errorf("%s: %v is below %v", at, v, low)
	}
	switch v := v.(type) {
	case map[string]any:
		return s.object(v, rule, at)
	case []any:
		items, _ := rule["items"].(map[string]any)
		for i, e := range v {
			if err := s.check(e, items, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s schema) object(v, rule map[string]any, at string) error {
	required, _ := rule["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			return fmt.Errorf("%s lacks %v", at, name)
		}
	}
	properties, _ := rule["properties"].(map[string]any)
	for name, value := range v {
		rule, ok := properties[name].(map[string]any)
		if !ok {
			if len(properties) > 0 {
				return fmt.Errorf("%s: %s is not described", at, name)
			}
			continue
		}
		if err := s.check(value, rule, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func isKind(v, kind any) bool {
	if list, ok := kind.([]any); ok {
		return slices.ContainsFunc(list, func(k any) bool { return isKind(v, k) })
	}
	switch v := v.(type) {
	case map[string]any:
		return kind == "object"
	case []any:
		return kind == "array"
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case float64:
		return kind == "number" || (kind == "integer" && v == float64(int64(v)))
	}
	return kind == "null"
}

func TestAnswersAreAsDescribed(t *testing.T) {
	_, url := start(t, serve.Config{}, map[string]serve.Runner{"m": open(t, scaled(2)), "halves": open(t, halves())})
	s := schema{call(t, "GET", url+"/openapi.json", nil).json(t)}
	paths := s.doc["paths"].(map[string]any)
	for _, c := range []struct{ method, path, described, kind, body string }{
		{"GET", "/v2", "/v2", "", ""},
		{"GET", "/v2/health/live", "/v2/health/live", "", ""},
		{"GET", "/v2/health/ready", "/v2/health/ready", "", ""},
		{"GET", "/v2/models/m", "/v2/models/{model}", "", ""},
		{"GET", "/v2/models/none", "/v2/models/{model}", "", ""},
		{"GET", "/v2/models/m/versions/1/ready", "/v2/models/{model}/versions/{version}/ready", "", ""},
		{"GET", "/v2/models/m/config", "/v2/models/{model}/config", "", ""},
		{"GET", "/v2/models/m/stats", "/v2/models/{model}/stats", "", ""},
		{"GET", "/v2/models/stats", "/v2/models/stats", "", ""},
		{"POST", "/v2/repository/index", "/v2/repository/index", "", ""},
		{"POST", "/v2/models/m/infer", "/v2/models/{model}/infer", "", string(pair(2, 1))},
		{"POST", "/v2/models/m/infer", "/v2/models/{model}/infer", "", "broken"},
		{"POST", "/v1/classify/halves", "/v1/classify/{model}", "image/png", string(picture(t))},
		{"POST", "/v1/classify/halves", "/v1/classify/{model}", "text/plain", "x"},
	} {
		got := call(t, c.method, url+c.path, []byte(c.body), "Content-Type", c.kind)
		var v any
		if err := json.Unmarshal(got.body, &v); err != nil {
			t.Fatal(err)
		}
		operation, ok := paths[c.described].(map[string]any)[strings.ToLower(c.method)].(map[string]any)
		if !ok {
			t.Fatalf("%s %s is not described", c.method, c.described)
		}
		responses := operation["responses"].(map[string]any)
		answer, ok := responses[fmt.Sprint(got.code)].(map[string]any)
		if !ok {
			answer = responses["default"].(map[string]any)
		}
		rule := answer["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)
		if err := s.check(v, rule, c.path); err != nil {
			t.Errorf("%s %s: %v\n%s", c.method, c.path, err, got.body)
		}
	}
	for path := range paths { // what is described exists
		concrete := strings.NewReplacer("{model}", "m", "{version}", "1").Replace(path)
		for method := range paths[path].(map[string]any) {
			offered := path != "/v1/sentiment" && path != "/v1/faces"
			if got := call(t, strings.ToUpper(method), url+concrete, nil); offered && strings.Contains(string(got.body), "nothing is served") || got.code == 405 {
				t.Errorf("%s %s: %d %s", method, path, got.code, got.body)
			}
		}
	}
}
