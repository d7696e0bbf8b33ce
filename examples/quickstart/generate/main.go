// Command generate writes the quick start's fixture: three days of sign-ins of
// an invented tenant, in the shape that Microsoft Graph (beta) gives them.
//
//	go generate ./examples/quickstart/generate
//
// Nothing in it was ever real. People are made up in many scripts, domains end
// in .example, addresses and network numbers come from the ranges reserved for
// documentation. The same seed gives the same bytes; a test holds the stored
// file to that.
//
// What the file is meant to show: most sign-ins succeed, some fail for the
// usual reasons, guests of another tenant come and go, every sign-in carries
// all of the tenant's conditional access policies, and on the second night
// somebody tries one password on everybody.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

//go:generate go run . ../fixtures/sign_ins.jsonl

const (
	seed  = 7
	count = 300
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate FILE")
		os.Exit(1)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func write(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	if err := encode(w, newTenant(seed).signIns(count)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// encode writes one record a line. The characters <, > and & stay as they are,
// as the service writes them.
func encode(w io.Writer, records []signIn) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, r := range records {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
