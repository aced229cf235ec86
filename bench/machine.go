package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// describeMachine says what the numbers were measured on.
func describeMachine(ctx context.Context, threads int) table {
	return table{head: []string{"machine", ""}, rows: [][]string{
		{"processor", field("/proc/cpuinfo", "model name", ":") + vectors()},
		{"cores", strconv.Itoa(runtime.NumCPU())},
		{"threads given to each engine", strconv.Itoa(threads)},
		{"memory", field("/proc/meminfo", "MemTotal", ":")},
		{"system", strings.Trim(field("/etc/os-release", "PRETTY_NAME", "="), `"`) + ", " + said(ctx, "uname", "-sr")},
		{"Go", runtime.Version()},
		{"ONNX Runtime", "1.30.0"},
		{"peers", "Keras 3.15.1 on TensorFlow 2.20.0 (CPU), GoMLX v0.28.0"},
	}}
}

// field is the value behind a name in a file of "name: value" lines.
func field(path, name, separator string) string {
	file, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), separator); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// vectors names the widest vector instructions.
func vectors() string {
	flags := " " + field("/proc/cpuinfo", "flags", ":") + " "
	for _, f := range []string{"avx512f", "avx2"} {
		if strings.Contains(flags, " "+f+" ") {
			return fmt.Sprintf(" (%s)", strings.ToUpper(strings.TrimSuffix(f, "f")))
		}
	}
	return ""
}

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// said is what a command prints.
func said(ctx context.Context, name string, args ...string) string {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
