package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/state"
)

// job is one slice being read for some lanes.
type job struct {
	r      *runner
	read   plan.Read
	slice  pipeline.Slice
	source *config.Instance
	lanes  []*lane
	began  time.Time
	ids    *identities // nil where records have no id

	timed    bool // the basis is the latest record time
	timeSlot record.Slot
	latest   time.Time
}

// lane is one sink's part of a job. err is set once and ends it; the others go
// on.
type lane struct {
	sink    *config.Instance
	write   plan.Write
	intent  state.Intent
	writer  pipeline.Writer
	rejects *rejects
	counts  manifest.Counts
	stage   stage
	err     error
}

// stage is how far a lane came, and so what its failure leaves behind.
type stage int

const (
	planned  stage = iota // nothing
	intended              // an intent; objects that Abort removes
	stored                // objects that may be named already: the next run finds out
)

func (r *runner) job(ctx context.Context, rd plan.Read) error {
	j := &job{r: r, read: rd, slice: rd.Window(), began: r.o.Clock().UTC()}
	r.event(Event{Kind: Started, Source: rd.Source, Slice: rd.Slice, Revision: rd.Revision})
	err := j.open(ctx)
	var ground []pipeline.Part
	if err == nil {
		ground, err = j.pump(ctx)
	}
	if err != nil {
		j.failAll(fmt.Errorf("read slice %s: %w", rd.Slice, err))
	} else {
		err = j.commit(ctx, ground)
	}
	return errors.Join(err, j.close(ctx))
}

// open writes the intents down, all in one segment, and opens the sinks. A
// sink that does not open fails its own lane.
func (j *job) open(ctx context.Context) error {
	source, ok := j.r.pipe.Instance(j.read.Source)
	if !ok {
		return fmt.Errorf("%s is not in the configuration", j.read.Source)
	}
	j.source = source
	var ops []state.Op
	seen := j.r.st.NewIntent() // the same in every sink: lanes that read together may do so again
	for _, w := range j.read.Writes {
		sink, ok := j.r.pipe.Instance(w.Sink)
		if !ok {
			return fmt.Errorf("%s is not in the configuration", w.Sink)
		}
		if err := j.retry(sink, &w); err != nil {
			return err
		}
		l := &lane{sink: sink, write: w, intent: state.Intent{
			ID: j.r.st.NewIntent(), Seen: seen, Lane: w.Lane(j.read), Slice: j.read.Slice, Start: j.read.Start, End: j.read.End,
			Revision: j.read.Revision, Attempt: w.Attempt, Shape: w.Shape, Names: w.Names, Opened: j.r.o.Clock().UTC()}}
		j.lanes = append(j.lanes, l)
		ops = append(ops, state.OpenIntent{Intent: l.intent})
	}
	if err := j.r.st.Apply(ctx, ops...); err != nil {
		return fmt.Errorf("write the intent: %w", err)
	}
	for _, l := range j.lanes {
		l.stage = intended
		l.open(ctx, j)
	}
	if sch := source.Source.Schema(); j.slice.End.IsZero() && sch != nil && !sch.Time.IsZero() {
		j.timeSlot, j.timed = source.Time, true
	}
	var err error
	j.ids, err = j.identities(ctx)
	return err
}

// retry takes the next attempt's names if the recovery of this very run found
// that an orphan has those of the plan and cannot be deleted.
func (j *job) retry(sink *config.Instance, w *plan.Write) (err error) {
	var orphaned int
	j.r.st.View(func(s *state.State) { orphaned = s.Lane(w.Lane(j.read)).Orphaned(j.read.Slice) })
	if orphaned < w.Attempt {
		return nil
	}
	w.Attempt = orphaned + 1
	w.Names, w.Complete, err = sink.Sink.Names(pipeline.Opening{Slice: j.slice, Revision: j.read.Revision, Attempt: w.Attempt})
	return err
}

func (l *lane) open(ctx context.Context, j *job) {
	st, prefix, err := j.r.stores.Store(ctx, l.sink)
	if err != nil {
		l.fail(err)
		return
	}
	l.rejects = &rejects{store: st, name: rejectsName(prefix, j.read.Slice, j.read.Revision, l.write.Attempt)}
	w, err := l.sink.Sink.Open(ctx, pipeline.Opening{Slice: j.slice, Revision: j.read.Revision,
		Attempt: l.write.Attempt, Intent: l.intent.ID})
	if err != nil {
		l.fail(fmt.Errorf("open %s for slice %s: %w", l.sink.Addr, j.read.Slice, err))
		return
	}
	l.writer = w
}

func (l *lane) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

func (j *job) failAll(err error) {
	for _, l := range j.lanes {
		l.fail(err)
	}
}

// commit makes each lane durable and names it. Only the loss of the lease is
// an error of the job: then nothing more may be named by this run.
//
// Once it has begun it is not cancelled: four short steps are done sooner than
// a recovery would be. A lease that was lost is found by each of them.
func (j *job) commit(ctx context.Context, ground []pipeline.Part) error {
	if err := context.Cause(ctx); err != nil {
		j.failAll(err)
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	for _, l := range j.lanes {
		if l.err != nil {
			continue
		}
		if err := l.commit(ctx, j, ground); err != nil {
			l.fail(fmt.Errorf("store slice %s in %s: %w", j.read.Slice, l.sink.Addr, err))
			if errors.Is(err, state.ErrLost) || errors.Is(err, manifest.ErrLost) {
				return err
			}
		}
	}
	return nil
}

func (l *lane) commit(ctx context.Context, j *job, ground []pipeline.Part) error {
	if !l.counts.Balanced() {
		return fmt.Errorf("the counts do not add up: %+v", l.counts)
	}
	objects, err := l.writer.Commit(ctx)
	if err != nil {
		return err
	}
	l.stage = stored
	rejected, err := l.rejects.commit(ctx)
	if err != nil {
		return err
	}
	seen, err := j.keepIdentities(ctx, l)
	if err != nil {
		return err
	}
	if err := j.r.st.Check(ctx); err != nil {
		return err
	}
	entry := j.entry(l, objects, rejected, ground, seen)
	m, err := j.r.stores.Manifest(ctx, l.sink)
	if err != nil {
		return err
	}
	if err := m.Append(ctx, manifest.Segment{Epoch: j.r.st.Epoch(), Writer: j.r.st.Holder().ID, Entries: []manifest.Entry{entry}}); err != nil {
		return err
	}
	j.r.committed(l, entry)
	if err := j.r.st.Apply(ctx, plan.Finish(l.intent.ID, entry)); err != nil {
		return err
	}
	j.forgetIdentities(ctx, l)
	return nil
}

func (j *job) entry(l *lane, objects []manifest.Object, rejected *manifest.Object, ground []pipeline.Part, seen string) manifest.Entry {
	at := j.r.o.Clock().UTC()
	coverage := "read"
	if l.counts.Read == l.counts.Outside {
		coverage = "read_empty"
	}
	return manifest.Entry{Source: j.read.Source, Stream: j.read.Stream, Sink: l.sink.Addr,
		Slice: j.read.Slice, Start: j.read.Start, End: j.read.End, Revision: j.read.Revision, Attempt: l.write.Attempt,
		Intent: l.intent.ID, Shape: l.write.Shape, Basis: j.basis(at), Ground: ground, Seen: seen,
		Settled: len(ground) == 0 && !j.began.Before(j.read.Settles), Objects: objects, Rejects: rejected, Counts: l.counts, Coverage: coverage,
		Began: j.began, At: at, Tool: j.r.o.Tool}
}

// basis is the time that retention counts from: the end of the slice, or for a
// whole file its latest record, at most the commit.
func (j *job) basis(commit time.Time) time.Time {
	if !j.slice.End.IsZero() {
		return j.slice.End
	}
	if !j.latest.IsZero() && j.latest.Before(commit) {
		return j.latest
	}
	return commit
}

// close aborts what was not stored and writes that down. It works on after the
// run was cancelled: an intent left open would only cost the next run a
// recovery, but a clean state is better. What was stored and perhaps named
// keeps its intent: only a recovery, behind a fence, can tell.
func (j *job) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	var ops []state.Op
	for _, l := range j.lanes {
		if l.err != nil && l.stage == intended {
			ops = append(ops, state.Abandon{Intent: l.intent.ID, Kept: l.abort()})
		}
	}
	j.r.finished(j)
	if len(ops) == 0 {
		return nil
	}
	return j.r.st.Apply(ctx, ops...)
}

// abort removes what the lane wrote; kept says that something could not be
// removed.
func (l *lane) abort() (kept bool) {
	if l.writer != nil && l.writer.Abort() != nil {
		kept = true
	}
	if l.rejects != nil && l.rejects.abort() != nil {
		kept = true
	}
	return kept
}
