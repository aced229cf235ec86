package locale

import "testing"

func TestOnlyVariantsOfCAreAdjusted(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{"LANG": "C.UTF-8"}, true},
		{map[string]string{"LC_ALL": "C.utf8", "LANG": "zh_CN.UTF-8"}, true},
		{map[string]string{"LANG": "zh_CN.UTF-8"}, false},
		{map[string]string{"LANG": "C"}, false},
		{map[string]string{"LANG": "C.UTF-8", "LANGUAGE": "zh"}, false},
		{map[string]string{}, false},
	} {
		got := adjust(func(k string) string { return c.env[k] }, func(k, v string) error { c.env[k] = v; return nil })
		if got != c.want || (got && c.env["LANGUAGE"] != "en") {
			t.Errorf("%v: adjusted %v, want %v", c.env, got, c.want)
		}
	}
}

func TestAPersonsOwnCacheTimeStands(t *testing.T) {
	env := map[string]string{}
	get := func(k string) string { return env[k] }
	set := func(k, v string) error { env[k] = v; return nil }
	if !forget(get, set) || env["FYNE_CACHE"] != "20s" {
		t.Errorf("without a wish it is %q", env["FYNE_CACHE"])
	}
	env["FYNE_CACHE"] = "5m"
	if forget(get, set) || env["FYNE_CACHE"] != "5m" {
		t.Errorf("a wish for 5m became %q", env["FYNE_CACHE"])
	}
}
