// Command gold writes and checks the gold set of personal values in identity
// logs: dev.jsonl and test.jsonl beside this file. README.md says what the
// lines mean and how the halves may be used.
//
// The output depends on the template files, the worlds and nothing else: each
// instance of a template draws from a generator seeded with the template's own
// words, so a template added or taken away moves no other.
//
// phonenumbers is used by the check only: a phone span must be a number that
// the library holds to be valid in its international form or in a region of
// its half.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

//go:embed dev.templates
var devTemplates string

//go:embed test.templates
var testTemplates string

// A half is one file of the set: its own templates, people, domains, networks.
type half struct {
	name      string
	templates string
	world     *world
}

func main() {
	check := flag.Bool("check", false, "read the files and check them; write nothing")
	counts := flag.Bool("counts", false, "print the counts of each half as a table")
	flag.Parse()
	if err := run(*check, *counts); err != nil {
		fmt.Fprintln(os.Stderr, "gold:", err)
		os.Exit(1)
	}
}

func run(check, counts bool) error {
	dir, err := home()
	if err != nil {
		return err
	}
	var read [][]item
	for _, h := range []half{{"dev", devTemplates, devWorld()}, {"test", testTemplates, testWorld()}} {
		made, err := makeItems(h)
		if err != nil {
			return err
		}
		file := filepath.Join(dir, h.name+".jsonl")
		if err := writeOrCompare(file, made, check); err != nil {
			return err
		}
		items, err := readItems(file)
		if err != nil {
			return err
		}
		if err := checkItems(items, h.world); err != nil {
			return fmt.Errorf("check %s: %w", file, err)
		}
		if counts {
			printCounts(os.Stdout, h.name, items)
		}
		read = append(read, items)
	}
	return checkApart(read[0], read[1])
}

// home is this file's own folder, wherever the command is started.
func home() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("find the folder of the gold set: start it with go run")
	}
	return filepath.Dir(file), nil
}

func writeOrCompare(file string, items []item, compare bool) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, it := range items {
		if err := enc.Encode(it); err != nil {
			return fmt.Errorf("encode %s: %w", it.ID, err)
		}
	}
	if !compare {
		return os.WriteFile(file, b.Bytes(), 0o644)
	}
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Equal(old, b.Bytes()) {
		return fmt.Errorf("%s is not what its templates make: it was edited by hand, or they were changed after it was written", file)
	}
	return nil
}

func readItems(file string) ([]item, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var items []item
	for dec := json.NewDecoder(bytes.NewReader(data)); dec.More(); {
		var it item
		if err := dec.Decode(&it); err != nil {
			return nil, fmt.Errorf("read %s: item %d: %w", file, len(items)+1, err)
		}
		items = append(items, it)
	}
	return items, nil
}
