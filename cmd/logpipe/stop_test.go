//go:build unix

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
)

// The first interrupt stops, the second aborts; each is said.
func TestInterrupts(t *testing.T) {
	said := make(chan bool, 2)
	ctx, s := interruptible(context.Background(), func(second bool) { said <- second })
	interrupt := func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	s.patient()
	interrupt()
	<-s.stop
	if second := <-said; second {
		t.Error("the first interrupt is taken for the second")
	}
	if ctx.Err() != nil {
		t.Error("the first interrupt aborts")
	}
	interrupt()
	<-ctx.Done()
	if second := <-said; !second {
		t.Error("the second interrupt is taken for the first")
	}
	if !errors.Is(context.Cause(ctx), errInterrupted) {
		t.Errorf("cause %v, want %v", context.Cause(ctx), errInterrupted)
	}
	if !s.release() {
		t.Error("release does not report the interrupt")
	}
}

// Before anything is carried out one interrupt is enough.
func TestInterruptWhileWaiting(t *testing.T) {
	ctx, s := interruptible(context.Background(), func(bool) { t.Error("nothing is being stopped") })
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	p := &program{in: new(endless), out: io.Discard}
	if _, err := p.confirm(ctx, "Really?", ""); !errors.Is(err, errInterrupted) {
		t.Errorf("the question ends with %v, want %v", err, errInterrupted)
	}
	s.release()
}

// endless never answers.
type endless struct{}

func (*endless) Read([]byte) (int, error) { select {} }

func TestNoInterrupt(t *testing.T) {
	ctx, s := interruptible(context.Background(), func(bool) { t.Error("nothing came") })
	s.halt() // a time limit
	s.halt()
	<-s.stop
	if ctx.Err() != nil {
		t.Error("a time limit aborts")
	}
	if s.release() {
		t.Error("release reports an interrupt")
	}
}
