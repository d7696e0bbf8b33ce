// Command logpipe exports identity logs the way Terraform builds
// infrastructure: a directory of HCL files becomes a plan, and the plan runs.
//
// This package is the program and nothing else. It introduces the machine
// (config, plan, run) to the components (sources, transforms, sinks), which do
// not know each other, and speaks with people: flags, help, questions, colours,
// exit codes. Every command is a file; commands lists them, kinds lists the
// components, codes lists the exit codes. Nothing is registered and nothing
// here decides what a run does.
//
// What is printed and was not written by this program goes through
// internal/escape: names in records, files and configuration are foreign text.
//
// hashicorp/cli finds the command, shows help and completes in shells; flags
// are the standard library's, which accept one dash or two as Terraform does.
// go-isatty tells a terminal from a file.
package main

import (
	"os"
)

func main() {
	os.Exit(logpipe(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
