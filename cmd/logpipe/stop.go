package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
)

// errInterrupted is the cause of a context that a second interrupt ended.
var errInterrupted = errors.New("interrupted: what was not stored yet is read again by the next run")

// stopper ends a run in two steps. The first interrupt closes stop: open slices
// finish and no others begin. The second ends the context: open slices are
// aborted. A third kills the process as usual.
type stopper struct {
	stop    chan struct{}
	once    sync.Once
	signals chan os.Signal
	gone    chan struct{}
	cancel  context.CancelCauseFunc
	said    func(second bool)
	first   bool // an interrupt came; read it after release
	done    sync.WaitGroup
}

// interruptible begins to listen for interrupts. said is told of each.
func interruptible(parent context.Context, said func(second bool)) (context.Context, *stopper) {
	ctx, cancel := context.WithCancelCause(parent)
	s := &stopper{stop: make(chan struct{}), signals: make(chan os.Signal, 2), gone: make(chan struct{}), cancel: cancel, said: said}
	signal.Notify(s.signals, os.Interrupt, terminate)
	s.done.Go(s.listen)
	return ctx, s
}

func (s *stopper) listen() {
	for {
		select {
		case <-s.gone:
			return
		case <-s.signals:
		}
		s.said(s.first)
		if s.first {
			signal.Stop(s.signals)
			s.cancel(errInterrupted)
			return
		}
		s.first = true
		s.halt()
	}
}

// halt lets open slices finish and starts no more.
func (s *stopper) halt() { s.once.Do(func() { close(s.stop) }) }

// release gives the signals back and reports whether one came.
func (s *stopper) release() bool {
	signal.Stop(s.signals)
	close(s.gone)
	s.done.Wait()
	s.cancel(nil)
	return s.first
}
