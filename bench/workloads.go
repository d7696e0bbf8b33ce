package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// workload is one job that several tools do. The first command is the yardstick
// zstd, the second is logpipe.
type workload struct {
	letter, what, data string
	commands           []command
}

type command struct {
	name   string
	args   []string
	env    []string
	stdout string
	clean  string // folder made empty before each run
	before func() error
	peer   bool // another tool
	once   bool // so slow that one counted run has to do
}

const (
	condition = `record.status.errorCode != 0 && record.location.countryOrRegion != "DE"`
	jqFilter  = `select(.status.errorCode != 0 and .location.countryOrRegion != "DE")`
	jqRedact  = `.userPrincipalName = "redacted" | .userDisplayName = "redacted" | del(.location.geoCoordinates) | del(.deviceDetail.displayName) | .ipAddress |= (split(".")[0:3] | join(".")) | .signInIdentifier = "redacted"`
	sqlFilter = `json_extract(j, '$.status.errorCode') != 0 AND json_extract_string(j, '$.location.countryOrRegion') != 'DE'`
)

// redact replaces two fields, drops two, truncates one and masks one.
const redact = `
transform "redact" "r" {
  from    = FROM
  default = "keep"
  unknown = "keep"
  rule "replace" {
    fields = ["userPrincipalName", "userDisplayName", "signInIdentifier"]
    with   = "redacted"
  }
  rule "drop" { fields = ["location.geoCoordinates", "deviceDetail.displayName"] }
  rule "truncate_ip" {
    fields    = ["ipAddress"]
    ipv4_bits = 24
    ipv6_bits = 48
  }
}
`

const pseudonyms = `
variable "key" {
  type      = string
  sensitive = true
}
transform "redact" "r" {
  from    = FROM
  default = "keep"
  unknown = "keep"
  key {
    id     = "bench"
    secret = var.key
  }
  rule "pseudonym" { fields = ["userPrincipalName", "userId"] }
  rule "replace" {
    fields = ["userDisplayName", "signInIdentifier"]
    with   = "redacted"
  }
  rule "drop" { fields = ["location.geoCoordinates", "deviceDetail.displayName"] }
  rule "truncate_ip" {
    fields    = ["ipAddress"]
    ipv4_bits = 24
    ipv6_bits = 48
  }
}
`

const filter = `
transform "filter" "f" {
  from      = source.file.s
  condition = ` + condition + `
}
`

func sink(label, from, format, compression string) string {
	s := "\nsink \"local\" \"" + label + "\" {\n  from = " + from + "\n  path = \"out/" + label + "/${slice.name}\"\n  format = \"" + format + "\"\n"
	if compression != "" {
		s += "  compression = \"" + compression + "\"\n"
	}
	return s + "}\n"
}

// workloads lists the jobs. The letters are those of docs/performance.md.
func (b *bench) workloads() []workload {
	count := filter + "transform \"select\" \"n\" {\n  from = transform.filter.f\n  keep = [\"id\"]\n}\n" + sink("n", "transform.select.n", "jsonl", "")
	all := strings.ReplaceAll(redact, "FROM", "source.file.s")
	filtered := filter + strings.ReplaceAll(redact, "FROM", "transform.filter.f")
	keyed := strings.ReplaceAll(pseudonyms, "FROM", "source.file.s")
	const r = "transform.redact.r"
	return []workload{
		b.job("b", "filter, count", b.data, count, b.jq("jq", jqFilter+" | .id"), b.jq("gojq", jqFilter+" | .id"),
			b.duckdb("SELECT count(*) FROM logs WHERE "+sqlFilter)),
		b.job("bs", "filter, count, keys shuffled", b.shuffled, count),
		b.job("c", "filter, redact six fields, JSON Lines", b.data, filtered+sink("o", r, "jsonl", ""),
			b.jq("jq", jqFilter+" | "+jqRedact), b.jq("gojq", jqFilter+" | "+jqRedact),
			b.duckdb("COPY (SELECT "+sqlRedact+" FROM logs WHERE "+sqlFilter+") TO '"+filepath.Join(b.dir, "duckdb.jsonl")+"' (FORMAT json)")),
		b.job("c2", "redact six fields, JSON Lines", b.data, all+sink("o", r, "jsonl", ""), b.jq("jq", jqRedact)),
		b.job("c3", "c2 with two fields as pseudonyms", b.data, keyed+sink("o", r, "jsonl", "")),
		b.job("d", "c2 with zstd", b.data, all+sink("o", r, "jsonl", "zstd")),
		b.job("e", "c2 into CSV", b.data, all+sink("o", r, "csv", "")),
		b.job("g", "c2 to three sinks", b.data, all+sink("o", r, "jsonl", "")+sink("p", r, "jsonl", "")+sink("q", r, "jsonl", "")),
	}
}

const sqlRedact = `json_merge_patch(j, json_merge_patch('{"userPrincipalName":"redacted","userDisplayName":"redacted","signInIdentifier":"redacted","location":{"geoCoordinates":null},"deviceDetail":{"displayName":null}}', json_object('ipAddress', regexp_replace(json_extract_string(j, '$.ipAddress'), '[0-9]+$', '0')))) AS j`

// job is one workload: the yardstick, logpipe, and others.
func (b *bench) job(letter, what, data, hcl string, peers ...command) workload {
	w := workload{letter: letter, what: what, data: data}
	w.commands = append(w.commands, command{name: "zstd -1 -T1", stdout: filepath.Join(b.dir, "zstd.out"), args: []string{"zstd", "-1", "-T1", "-q", "-c", data}})
	w.commands = append(w.commands, b.apply(letter, data, hcl))
	for _, p := range peers {
		p.args = slices.Clone(p.args)
		for i, a := range p.args {
			if a == "DATA" {
				p.args[i] = data
			}
		}
		w.commands = append(w.commands, p)
	}
	return w
}

// apply is a whole `logpipe apply` of a pipeline in a folder of its own: plan,
// state, manifest, hashes and fsync included.
func (b *bench) apply(letter, data, hcl string) command {
	dir := filepath.Join(b.dir, "pipeline-"+letter)
	source := "source \"file\" \"s\" {\n  paths = [\"data.jsonl\"]\n}\n"
	return command{
		name:  "logpipe",
		args:  []string{b.logpipe, "-chdir=" + dir, "apply", "-auto-approve", "-no-color"},
		env:   []string{"LOGPIPE_VAR_key=" + "8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab9159f51fd0297e236d"},
		clean: dir,
		before: func() error {
			return errors.Join(
				os.Link(data, filepath.Join(dir, "data.jsonl")),
				os.WriteFile(filepath.Join(dir, "pipeline.hcl"), []byte(source+hcl), 0o644))
		},
	}
}

func (b *bench) jq(name, program string) command {
	return command{name: name, peer: true, once: true, stdout: filepath.Join(b.dir, name+".out"), args: []string{name, "-c", program, "DATA"}}
}

func (b *bench) duckdb(sql string) command {
	return command{name: "DuckDB, 1 thread", peer: true, once: true, args: []string{"node", "bench/duckdb/query.mjs", "DATA", sql}}
}
