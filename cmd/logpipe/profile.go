package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
)

// profiles are files to write about the program itself while it works.
type profiles struct {
	cpu, mem, trace string
}

func (o *profiles) flags(f *flags) {
	f.StringVar(&o.cpu, "cpuprofile", "", "Write a CPU profile to this `file`, for go tool pprof.")
	f.StringVar(&o.mem, "memprofile", "", "Write a memory profile to this `file` at the end.")
	f.StringVar(&o.trace, "trace", "", "Write an execution trace to this `file`, for go tool trace.")
}

// start begins what is asked for; the function it returns ends it.
func (o *profiles) start() (end func() error, err error) {
	var ends []func() error
	end = func() error {
		var errs []error
		for _, e := range ends {
			errs = append(errs, e())
		}
		return errors.Join(errs...)
	}
	begin := func(name string, start func(*os.File) error, stop func(*os.File) error) error {
		if name == "" {
			return nil
		}
		f, err := os.Create(name)
		if err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		if err := start(f); err != nil {
			return fmt.Errorf("profile: %w", errors.Join(err, f.Close()))
		}
		ends = append(ends, func() error { return errors.Join(stop(f), f.Close()) })
		return nil
	}
	err = errors.Join(
		begin(o.cpu, func(f *os.File) error { return pprof.StartCPUProfile(f) }, func(*os.File) error { pprof.StopCPUProfile(); return nil }),
		begin(o.trace, func(f *os.File) error { return trace.Start(f) }, func(*os.File) error { trace.Stop(); return nil }),
		begin(o.mem, func(*os.File) error { return nil }, func(f *os.File) error { runtime.GC(); return pprof.Lookup("allocs").WriteTo(f, 0) }),
	)
	if err != nil {
		return nil, errors.Join(err, end())
	}
	return end, nil
}
