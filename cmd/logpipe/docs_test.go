package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents are the pages that users read.
func documents(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	pages := map[string]string{}
	for _, p := range append(paths, "../../README.md") {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		pages[filepath.Base(p)] = string(text)
	}
	return pages
}

// TestDocumentedPipelines holds the documents to the language: every pipeline
// that they show is in canonical form and valid.
func TestDocumentedPipelines(t *testing.T) {
	block := regexp.MustCompile("(?s)```hcl\n(.*?)```")
	seen := 0
	for page, text := range documents(t) {
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], "\nsink ") {
				continue // a piece of one
			}
			seen++
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(m[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"fmt", "-check", "-diff"}, {"validate"}} {
				if got, out := start(t, dir, args...); got != done {
					t.Errorf("%s: logpipe %s ended with %d:\n%s\n%s", page, strings.Join(args, " "), got, out, m[1])
				}
			}
		}
	}
	if seen < 3 {
		t.Errorf("only %d pipelines in the documents", seen)
	}
}

// TestLinks follows the links of the documents within the project.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	pages := documents(t)
	for page, text := range pages {
		from := "../../docs"
		if page == "README.md" {
			from = "../.."
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, heading := filepath.Join(from, m[1]), strings.TrimPrefix(m[2], "#")
			if m[1] == "" {
				target = filepath.Join(from, page)
			}
			there, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); statErr == nil && info.IsDir() {
				err = nil
			}
			if err != nil {
				t.Errorf("%s: %v", page, err)
			} else if heading != "" && !anchors(string(there))[heading] {
				t.Errorf("%s: %s has no heading #%s", page, m[1], heading)
			}
		}
	}
}

// anchors are the names that headings of a page are linked by.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	drop := regexp.MustCompile("[^a-z0-9 _-]")
	for line := range strings.Lines(text) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && line[0] == '#' {
			name := drop.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
			names[strings.ReplaceAll(name, " ", "-")] = true
		}
	}
	return names
}

// TestCommandTable holds the README's table to the commands and their options.
func TestCommandTable(t *testing.T) {
	_, table, _ := strings.Cut(documents(t)["README.md"], "\n## Commands\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := map[string]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, name := range regexp.MustCompile("`([a-z-]+)").FindAllStringSubmatch(cells[1], -1) {
			rows[name[1]] = cells[2]
		}
	}
	for _, c := range commands() {
		name, _, _ := strings.Cut(c.name, " ")
		if _, ok := rows[name]; !ok {
			t.Errorf("the table lacks %s", name)
		}
	}
	for name, text := range rows {
		_, help := start(t, t.TempDir(), name, "-help")
		for _, option := range regexp.MustCompile("`(-[a-z-]+)").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(help, option[1]) {
				t.Errorf("%s has no option %s", name, option[1])
			}
		}
	}
}

// TestReadmePlan holds the plan that the README shows to the one that the quick
// start makes.
func TestReadmePlan(t *testing.T) {
	dir := t.TempDir()
	copyExample(t, dir, "../../examples/quickstart")
	got, out := start(t, dir, "plan")
	if got != done || !strings.Contains(documents(t)["README.md"], out) {
		t.Errorf("plan ended with %d and printed what the README does not have:\n%s", got, out)
	}
}
