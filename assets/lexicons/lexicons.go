// Package lexicons holds the word lists that travel inside the program.
package lexicons

import _ "embed"

//go:embed zh.txt
var chinese string

// Chinese returns the Chinese sentiment lexicon; its head says how it is laid out.
func Chinese() string { return chinese }
