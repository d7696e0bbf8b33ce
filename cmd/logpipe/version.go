package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is the release that this source will become.
const version = "0.1.0-dev"

// tool is how the program names itself in plans and manifests.
const tool = "logpipe " + version

func versionCommand() command {
	return command{
		name: "version", synopsis: "Show the version", usage: "[options]",
		doc: `Shows the version of logpipe, and of what it was built from.`,
		setup: func(p *program, f *flags) func([]string) code {
			asJSON := f.Bool("json", false, "Print one JSON object.")
			return func(args []string) code {
				if err := exactly(0, args, "no arguments"); err != nil {
					return p.usage("version", err)
				}
				return p.version(*asJSON)
			}
		},
	}
}

func (p *program) version(asJSON bool) code {
	platform := runtime.GOOS + "_" + runtime.GOARCH
	if !asJSON {
		fmt.Fprintf(p.out, "logpipe v%s\non %s\n", version, platform)
		return done
	}
	v := struct {
		Format   string `json:"format_version"`
		Version  string `json:"version"`
		Revision string `json:"revision,omitempty"`
		Go       string `json:"go"`
		Platform string `json:"platform"`
	}{Format: formatVersion, Version: version, Go: runtime.Version(), Platform: platform}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Revision = s.Value
			}
		}
	}
	return p.printJSON(v)
}
