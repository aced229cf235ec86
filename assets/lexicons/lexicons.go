// Package lexicons holds the word lists that travel inside the program.
package lexicons

import _ "embed"

//go:embed zh.txt
var chinese string

//go:embed en.txt
var english string

//go:embed traditional.txt
var traditional string

// Chinese returns the Chinese sentiment lexicon; its head says how it is laid out.
func Chinese() string { return chinese }

// English returns the words and phrases that VADER's lexicon lacks.
func English() string { return english }

// Traditional returns pairs of a traditional character and its simplified form.
func Traditional() string { return traditional }
