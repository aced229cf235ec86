package ui

import (
	"strconv"
	"strings"

	"athanor/pipeline/train"
)

// transferFlags are those of `athanor transfer` about the network.
func transferFlags() []flag {
	t := func(r *train.Recipe) *train.Transfer { return r.Transfer }
	return []flag{
		textFlag("text", func(r *train.Recipe) *string { return &r.Data.Text }),
		textFlag("label", func(r *train.Recipe) *string { return &r.Data.Label }),
		textFlag("from", func(r *train.Recipe) *string { return &t(r).From }),
		namesFlag("train", func(r *train.Recipe) *[]string { return &t(r).Train }),
		namesFlag("freeze", func(r *train.Recipe) *[]string { return &t(r).Freeze }),
		wholeFlag("lora", func(r *train.Recipe) *int { return &t(r).Rank }),
		realFlag("lora-alpha", func(r *train.Recipe) *float64 { return &t(r).Alpha }),
		textFlag("lora-keep", func(r *train.Recipe) *string { return &t(r).Keep }),
		textFlag("adapter", func(r *train.Recipe) *string { return &t(r).Adapter }),
		unitsFlag("hidden", func(r *train.Recipe) *[]int { return &t(r).Hidden }),
		realFlag("rate", func(r *train.Recipe) *float64 { return &t(r).Rate }),
		realFlag("layer-decay", func(r *train.Recipe) *float64 { return &t(r).Decay }),
		textFlag("batch-norm", func(r *train.Recipe) *string { return &t(r).BatchNorm }),
		boolFlag("scratch", func(r *train.Recipe) *bool { return &t(r).Scratch }),
		realFlag("scale", func(r *train.Recipe) *float64 { return &t(r).Scale }),
		realsFlag("mean", func(r *train.Recipe) *[]float64 { return &t(r).Mean }),
		realsFlag("deviation", func(r *train.Recipe) *[]float64 { return &t(r).Deviation }),
		boolFlag("bgr", func(r *train.Recipe) *bool { return &t(r).Swap }),
		textFlag("vocab", func(r *train.Recipe) *string { return &t(r).Vocabulary }),
		wholeFlag("length", func(r *train.Recipe) *int { return &r.Model.Length }),
	}
}

// distillFlags are those of `athanor distill` about the teacher.
func distillFlags() []flag {
	return []flag{
		realFlag("temperature", func(r *train.Recipe) *float64 { return &r.Distill.Temperature }),
		realFlag("weight", func(r *train.Recipe) *float64 { return &r.Distill.Weight }),
		realFlag("scale", func(r *train.Recipe) *float64 { return &r.Distill.Scale }),
		realsFlag("mean", func(r *train.Recipe) *[]float64 { return &r.Distill.Mean }),
		realsFlag("deviation", func(r *train.Recipe) *[]float64 { return &r.Distill.Deviation }),
		boolFlag("bgr", func(r *train.Recipe) *bool { return &r.Distill.Swap }),
	}
}

func namesFlag(name string, at func(*train.Recipe) *[]string) flag {
	return flag{name: name, text: func(r *train.Recipe) string { return strings.Join(*at(r), ",") }, take: func(to, from *train.Recipe) { *at(to) = *at(from) }}
}

func unitsFlag(name string, at func(*train.Recipe) *[]int) flag {
	text := func(r *train.Recipe) string {
		var words []string
		for _, n := range *at(r) {
			words = append(words, strconv.Itoa(n))
		}
		return strings.Join(words, ",")
	}
	return flag{name: name, text: text, take: func(to, from *train.Recipe) { *at(to) = *at(from) }}
}
