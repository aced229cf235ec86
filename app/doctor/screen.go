package doctor

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

func display(h Host) Finding {
	f := Finding{ID: "display", State: OK, Code: "x11"}
	x, wayland := h.Env("DISPLAY"), h.Env("WAYLAND_DISPLAY")
	switch {
	case x == "" && wayland == "":
		f.State, f.Code, f.Cure = Optional, "none", "athanor demo"
	case x == "":
		f.Code = "wayland"
		f.Values = map[string]string{"Display": wayland}
	default:
		f.Values = map[string]string{"Display": x}
	}
	return f
}

// openGL looks for a graphics card that may be used, else for Mesa's software
// renderer, which is slower but enough.
func openGL(h Host) Finding {
	f := Finding{ID: "opengl", State: OK, Code: "card"}
	if node := h.first("/dev/dri/renderD*"); node != "" {
		if file, err := os.OpenFile(node, os.O_RDWR, 0); err == nil {
			_ = file.Close()
			f.Values = map[string]string{"Device": strings.TrimPrefix(node, h.Root)}
			return f
		}
		f.State, f.Code, f.Cure = Warning, "closed", `sudo usermod -aG render,video "$USER"`
		return f
	}
	if h.first("/usr/lib/*/dri/swrast_dri.so", "/usr/lib/dri/swrast_dri.so", "/usr/lib/*/libgallium*.so", "/usr/lib64/dri/swrast_dri.so") != "" {
		f.State, f.Code = OK, "software"
		return f
	}
	f.State, f.Code, f.Cure = Missing, "missing", apt("libgl1-mesa-dri")
	return f
}

// input says whether an input method (ibus, fcitx) can reach the window: under
// X11 it is named by XMODIFIERS.
func input(h Host) Finding {
	f := Finding{ID: "input", State: OK, Code: "found"}
	_, method, ok := strings.Cut(h.Env("XMODIFIERS"), "@im=")
	switch {
	case ok && method != "" && method != "none":
		f.Values = map[string]string{"Method": method}
	case h.Env("DISPLAY") == "" && h.Env("WAYLAND_DISPLAY") != "":
		f.State, f.Code, f.Cure = Warning, "wayland", "XMODIFIERS=@im=ibus GDK_BACKEND=x11 athanor"
	case h.Env("DISPLAY") == "":
		f.Code = "none"
	default:
		f.State, f.Code, f.Cure = Optional, "missing", apt("ibus-libpinyin")+" && im-config -n ibus"
	}
	return f
}

// cjkFont matches the file names of fonts that hold Chinese.
var cjkFont = regexp.MustCompile(`(?i)(noto.*cjk|notosans(sc|tc|hk)|wqy|wenquanyi|source.?han|droidsansfallback|uming|ukai|simsun|simhei|msyh|pingfang|lxgw)`)

// font looks where the window looks for a fallback font.
func font(h Host) Finding {
	folders := []string{h.path("/usr/share/fonts"), h.path("/usr/local/share/fonts")}
	if home := h.Env("HOME"); home != "" {
		folders = append(folders, filepath.Join(home, ".fonts"), filepath.Join(home, ".local/share/fonts"))
	}
	for _, folder := range folders {
		if path := findFont(folder); path != "" {
			return Finding{ID: "font", State: OK, Code: "found", Values: map[string]string{"Font": filepath.Base(path)}}
		}
	}
	return Finding{ID: "font", State: Missing, Code: "missing", Cure: apt("fonts-noto-cjk")}
}

// findFont is the first font with Chinese below a folder, or "".
func findFont(folder string) string {
	found := ""
	_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // a folder that cannot be read holds no font for us
		}
		if !d.IsDir() && cjkFont.MatchString(d.Name()) {
			found = path
			return fs.SkipAll
		}
		return nil
	})
	return found
}
