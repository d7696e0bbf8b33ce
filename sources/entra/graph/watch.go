package graph

import (
	"context"
	"errors"
	"io"
	"time"
)

// watch ends a request whose body has been silent for too long. A body that
// keeps coming may take as long as it likes.
type watch struct {
	silence time.Duration
	timer   *time.Timer
	cancel  context.CancelCauseFunc
	ctx     context.Context
}

var errSilent = errors.New("the answer stopped in the middle and nothing more came")

func watched(ctx context.Context, silence time.Duration) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &watch{silence: silence, cancel: cancel, ctx: ctx}
}

// watch begins with the first byte: until then the transport has its own limit.
func (w *watch) watch(body io.Reader) io.Reader {
	w.timer = time.AfterFunc(w.silence, func() { w.cancel(errSilent) })
	return &watchedBody{w, body}
}

func (w *watch) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
	w.cancel(nil)
}

// explain tells a body that fell silent from a context that was cancelled.
func (w *watch) explain(err error) error {
	if context.Cause(w.ctx) == errSilent {
		return errSilent
	}
	return err
}

type watchedBody struct {
	w    *watch
	body io.Reader
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.w.timer.Reset(b.w.silence)
	return b.body.Read(p)
}
