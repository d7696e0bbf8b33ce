package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/logpipe/logpipe/internal/escape"
)

// openLog sets up the program's log, which is off unless LOGPIPE_LOG names a
// level, and goes to standard error.
func (p *program) openLog() error {
	name := strings.ToLower(p.getenv("LOGPIPE_LOG"))
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "trace": slog.LevelDebug,
		"info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	level, ok := levels[name]
	switch {
	case name == "" || name == "off":
		p.log = slog.New(slog.DiscardHandler)
		return nil
	case !ok:
		return fmt.Errorf("LOGPIPE_LOG is %q; use debug, info, warn, error or off", name)
	}
	p.log = slog.New(slog.NewTextHandler(visible{p.err}, &slog.HandlerOptions{Level: level}))
	return nil
}

// visible escapes whole log lines: attributes may hold foreign text, and slog
// quotes most of what a terminal acts on but not all.
type visible struct{ w io.Writer }

func (v visible) Write(line []byte) (int, error) {
	if _, err := io.WriteString(v.w, escape.Lines(string(line))); err != nil {
		return 0, err
	}
	return len(line), nil
}
