package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
)

// errInterrupted is the cause of a context that a second interrupt ended.
var errInterrupted = errors.New("interrupted: what is not stored is read by the next run")

// stopper ends a command. While nothing is being carried out an interrupt ends
// the context at once. After patient the first one closes stop (open slices
// finish and no others begin), and only the second ends the context. One more
// kills the process as usual.
type stopper struct {
	stop    chan struct{}
	once    sync.Once
	signals chan os.Signal
	gone    chan struct{}
	cancel  context.CancelCauseFunc
	said    func(second bool)
	twice   atomic.Bool
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
		if s.first || !s.twice.Load() {
			if s.first {
				s.said(true)
			}
			s.first = true
			signal.Stop(s.signals)
			s.cancel(errInterrupted)
			return
		}
		s.said(false)
		s.first = true
		s.halt()
	}
}

// patient makes the first interrupt wait for open slices.
func (s *stopper) patient() { s.twice.Store(true) }

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
