package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// code is how the program ends.
type code int

const (
	done      code = 0
	failed    code = 1
	changes   code = 2
	unformed  code = 3
	rejected  code = 4
	leased    code = 5
	violated  code = 6
	unproven  code = 7
	fellQuiet code = 8
)

// codes returns the one table of exit codes. Every command's help shows its
// part of it.
func codes() map[code]string {
	return map[code]string{
		done:      "done",
		failed:    "an error, which was printed",
		changes:   "the plan has changes (only with -detailed-exitcode)",
		unformed:  "fmt -check found differences",
		rejected:  "records were rejected, more than -allow-rejects allows",
		leased:    "the state is leased by another run, which was named",
		violated:  "a mandatory policy failed",
		unproven:  "verification failed",
		fellQuiet: "a stream fell silent",
	}
}

// worst returns the code to end with if several apply.
func worst(all ...code) code {
	order := []code{failed, leased, violated, unproven, fellQuiet, rejected, unformed, changes, done}
	return slices.MinFunc(append(all, done), func(a, b code) int {
		return cmp.Compare(slices.Index(order, a), slices.Index(order, b))
	})
}

// codeTable is the help text for the codes that a command can end with; done
// and failed belong to every command.
func codeTable(more []code) string {
	var b strings.Builder
	table := codes()
	b.WriteString("Exit codes:\n\n")
	for _, c := range slices.Sorted(slices.Values(append([]code{done, failed}, more...))) {
		fmt.Fprintf(&b, "  %d  %s\n", c, table[c])
	}
	return b.String()
}
