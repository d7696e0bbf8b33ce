package run

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
)

// ticket is one batch on its way: what was read, the views of it that the
// transforms made, and what each lane gets. Tickets are reused; their number
// bounds the memory of a slice.
type ticket struct {
	batch   *record.Batch
	scanner *record.Scanner
	views   []*record.Batch // pool for branches
	used    int
	outs    []out
	read    int64 // records of the batch, those a reader skipped included
	same    int64 // unchanged since an earlier revision
	doubled int64
	newest  time.Time
	err     error // of reading: the slice ends here
	last    bool
	done    chan struct{}
}

// out is one lane's share of a ticket.
type out struct {
	lane    *lane
	view    *record.Batch
	dropped int64
	rejects [][]record.Reject // by stage
	err     error
}

func (t *ticket) reset(origin string) {
	t.batch.Reset(origin)
	t.used, t.outs = 0, t.outs[:0]
	t.read, t.same, t.doubled, t.err, t.last = 0, 0, 0, nil, false
}

// view returns a view of b that can be edited without touching b.
func (t *ticket) view(b *record.Batch) *record.Batch {
	if t.used == len(t.views) {
		t.views = append(t.views, record.NewBatch(t.scanner))
	}
	v := t.views[t.used]
	t.used++
	b.Share(v)
	return v
}

// pump reads the slice to its end and writes it to the lanes. Three stations
// overlap: one goroutine reads, one or more work, this one writes in the order
// of reading. It returns the ground that was really read.
func (j *job) pump(ctx context.Context) ([]pipeline.Part, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reader, err := j.source.Source.Open(ctx, j.slice)
	if err != nil {
		return nil, err
	}
	defer reader.Close()

	workers := j.r.o.Workers
	if j.ids != nil {
		workers = 1 // which of two equal records stays must not depend on luck
	}
	tickets := workers + 2
	free := make(chan *ticket, tickets)
	work := make(chan *ticket, tickets)
	order := make(chan *ticket, tickets)
	for range tickets {
		free <- &ticket{batch: record.NewBatch(j.r.pipe.Scanner), scanner: j.r.pipe.Scanner, done: make(chan struct{}, 1)}
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { readAll(ctx, reader, free, work, order) })
	for range workers {
		wg.Go(func() {
			t := j.tree()
			defer j.retire(t)
			for tk := range work {
				j.work(ctx, t, tk)
				tk.done <- struct{}{}
			}
		})
	}
	if err := j.drain(ctx, order, free); err != nil {
		return nil, err
	}
	if g, ok := reader.(pipeline.Grounded); ok {
		return g.Ground(), nil
	}
	return j.slice.Ground, nil
}

// readAll fills tickets until the slice or the context ends.
func readAll(ctx context.Context, reader pipeline.Reader, free, work, order chan *ticket) {
	defer close(work)
	defer close(order)
	for {
		var tk *ticket
		select {
		case tk = <-free:
		case <-ctx.Done():
			return
		}
		tk.reset("")
		err := reader.Read(ctx, tk.batch)
		// An error that wraps io.EOF is a connection that ended too early.
		if tk.last = err == io.EOF; !tk.last {
			tk.err = err
		}
		work <- tk
		order <- tk
		if err != nil {
			return
		}
	}
}

// drain writes finished tickets in the order in which they were read.
func (j *job) drain(ctx context.Context, order, free chan *ticket) error {
	var told time.Time
	for tk := range order {
		<-tk.done
		if tk.err != nil {
			return tk.err
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := j.deliver(ctx, tk); err != nil {
			return err
		}
		if tk.last {
			return nil
		}
		if now := j.r.o.Clock(); now.Sub(told) > time.Second/4 {
			told = now
			j.progress()
		}
		free <- tk
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

// deliver gives each lane its share. When the last lane has failed there is no
// reason to read on.
func (j *job) deliver(ctx context.Context, tk *ticket) error {
	if tk.newest.After(j.latest) {
		j.latest = tk.newest
	}
	for i := range tk.outs {
		o := &tk.outs[i]
		l := o.lane
		if l.err != nil {
			continue
		}
		if o.err != nil {
			l.fail(o.err)
			continue
		}
		if err := l.take(ctx, tk, o); err != nil {
			l.fail(err)
		}
	}
	if !j.alive() {
		return errNoLane
	}
	return nil
}

// alive reports whether some lane has not failed.
func (j *job) alive() bool {
	return slices.ContainsFunc(j.lanes, func(l *lane) bool { return l.err == nil })
}

var errNoLane = errors.New("every sink of it failed")

// take stores the lane's share of a ticket and adds it to the six counts. A
// sink may reject what its format cannot hold, so what was written is counted
// after writing.
func (l *lane) take(ctx context.Context, tk *ticket, o *out) error {
	l.counts.Read += tk.read
	l.counts.Outside += tk.batch.Skipped.Outside
	l.counts.Unchanged += tk.batch.Skipped.Unchanged + tk.same
	l.counts.Duplicate += tk.doubled
	l.counts.Dropped += o.dropped
	for _, rs := range o.rejects {
		if err := l.reject(ctx, rs); err != nil {
			return err
		}
	}
	if err := l.writer.Write(ctx, o.view); err != nil {
		return err
	}
	l.counts.Written += int64(o.view.LiveCount())
	return l.reject(ctx, o.view.TakeRejects())
}

func (l *lane) reject(ctx context.Context, rs []record.Reject) error {
	l.counts.Rejected += int64(len(rs))
	return l.rejects.write(ctx, rs)
}
