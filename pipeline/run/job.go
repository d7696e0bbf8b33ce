package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store"
)

// job is one slice being read for some lanes.
type job struct {
	r      *runner
	read   plan.Read
	slice  pipeline.Slice
	source *config.Instance
	lanes  []*lane
	mu     sync.Mutex // of what workers add to lanes when they end
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
	rules   map[string]int64 // what transforms counted, by rule
	stage   stage
	err     error
	blocked bool // something lies where an object should
}

// stage is how far a lane came, and so what its failure leaves behind.
type stage int

const (
	planned  stage = iota // nothing
	intended              // an intent; objects that Abort removes
	stored                // objects that may be there and named, whatever an error says: the next run finds out
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
		l := j.lane(ctx, sink, w, seen)
		j.lanes = append(j.lanes, l)
		if l.err == nil {
			ops = append(ops, state.OpenIntent{Intent: l.intent})
		}
	}
	if !j.alive() {
		return errNoLane
	}
	if err := j.r.st.Apply(ctx, ops...); err != nil {
		return fmt.Errorf("write the intent: %w", err)
	}
	for _, l := range j.lanes {
		if l.err == nil {
			l.stage = intended
			l.open(ctx, j)
		}
	}
	if sch := source.Source.Schema(); j.slice.End.IsZero() && sch != nil && !sch.Time.IsZero() {
		j.timeSlot, j.timed = source.Time, true
	}
	var err error
	j.ids, err = j.identities(ctx)
	return err
}

// lane prepares one sink's part of the job.
func (j *job) lane(ctx context.Context, sink *config.Instance, w plan.Write, seen string) *lane {
	l := &lane{sink: sink, write: w, err: j.r.broken[w.Sink]}
	if l.err == nil {
		l.err = j.attempt(ctx, sink, &l.write)
	}
	l.intent = state.Intent{ID: j.r.st.NewIntent(), Seen: seen, Lane: w.Lane(j.read), Slice: j.read.Slice,
		Start: j.read.Start, End: j.read.End, Revision: j.read.Revision, Attempt: l.write.Attempt,
		Shape: w.Shape, Names: l.write.Names, Opened: j.r.o.Clock().UTC()}
	return l
}

// mostAttempts is how many names are tried before giving up.
const mostAttempts = 1000

// attempt finds the first attempt, from the planned one on, whose names are
// free. They may be taken by an orphan that the recovery of this very run could
// not delete, or by objects that the state was told to forget. What an intent
// announces is not there when it is written: that is why a recovery may delete
// whatever it finds there.
func (j *job) attempt(ctx context.Context, sink *config.Instance, w *plan.Write) error {
	var orphaned int
	j.r.st.View(func(s *state.State) { orphaned = s.Lane(w.Lane(j.read)).Orphaned(j.read.Slice) })
	planned := w.Attempt
	for try := max(planned, orphaned+1); try < planned+mostAttempts; try++ {
		if try != w.Attempt {
			var err error
			w.Attempt = try
			w.Names, w.Complete, err = sink.Sink.Names(pipeline.Opening{Slice: j.slice, Revision: j.read.Revision, Attempt: try})
			if err != nil {
				return err
			}
		}
		taken, err := j.taken(ctx, sink, *w)
		if err != nil || !taken {
			return err
		}
	}
	return fmt.Errorf("store slice %s in %s: there are objects under %q and under the names of %d further attempts: look what they are and take them away",
		j.read.Slice, sink.Addr, w.Names, mostAttempts)
}

// taken reports whether something lies under a name that w would write.
func (j *job) taken(ctx context.Context, sink *config.Instance, w plan.Write) (bool, error) {
	st, prefix, err := j.r.stores.Store(ctx, sink)
	if err != nil {
		return false, err
	}
	for _, name := range announced(sink, prefix, j.read.Slice, j.read.Revision, w.Attempt, w.Names) {
		switch r, err := st.Open(ctx, name); {
		case errors.Is(err, store.ErrNotExist):
		case err != nil:
			return false, fmt.Errorf("look whether %s is there: %w", name, err)
		default:
			return true, r.Close()
		}
	}
	return false, nil
}

// announced lists what an attempt may leave in the sink's store. A sink without
// a store of its own has its objects elsewhere.
func announced(sink *config.Instance, prefix, slice string, revision, attempt int, names []string) []string {
	all := []string{rejectsName(prefix, slice, revision, attempt)}
	if _, own := sink.Sink.(pipeline.Stored); own {
		all = append(all, names...)
	}
	return all
}

func (l *lane) open(ctx context.Context, j *job) {
	st, prefix, err := j.r.stores.Store(ctx, l.sink)
	if err != nil {
		l.fail(err)
		return
	}
	l.rejects = &rejects{store: st, behind: j.r.behind[route{j.read.Source, l.sink.Addr}], name: rejectsName(prefix, j.read.Slice, j.read.Revision, l.write.Attempt)}
	w, err := l.sink.Sink.Open(ctx, pipeline.Opening{Slice: j.slice, Revision: j.read.Revision,
		Attempt: l.write.Attempt, Intent: l.intent.ID})
	if err != nil {
		l.fail(fmt.Errorf("open %s for slice %s: %w", l.sink.Addr, j.read.Slice, err))
		return
	}
	l.writer = w
}

// fail ends the lane. What lies in the way of an object is not ours: the next
// run takes another name, and people should look.
func (l *lane) fail(err error) {
	if l.err != nil {
		return
	}
	if errors.Is(err, store.ErrExists) && !lost(err) {
		l.blocked = true
		err = fmt.Errorf("%w: something of this name is there that no manifest names; look what it is and move it away, the next run writes under another name otherwise", err)
	}
	l.err = err
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
			if lost(err) {
				j.failAll(err)
				return err
			}
		}
	}
	return nil
}

// lost reports whether err means that another run has taken over.
func lost(err error) bool { return errors.Is(err, state.ErrLost) || errors.Is(err, manifest.ErrLost) }

func (l *lane) commit(ctx context.Context, j *job, ground []pipeline.Part) error {
	if !l.counts.Balanced() {
		return fmt.Errorf("the counts do not add up: %+v", l.counts)
	}
	if err := j.r.st.Check(ctx); err != nil {
		return err
	}
	l.stage = stored
	entry := j.entry(l, ground)
	var err error
	if entry.Objects, err = l.writer.Commit(ctx); err != nil {
		return errors.Join(err, j.r.writes(ctx))
	}
	if entry.Rejects, err = l.rejects.commit(ctx); err != nil {
		return err
	}
	if !entry.Settled {
		if entry.Seen, entry.SeenSum, err = j.keepIdentities(ctx, l); err != nil {
			return err
		}
	}
	if err := j.r.st.Check(ctx); err != nil {
		return err
	}
	m, err := j.r.stores.Manifest(ctx, l.sink)
	if err != nil {
		return err
	}
	if err := m.Append(ctx, manifest.Segment{Epoch: j.r.st.Epoch(), Writer: j.r.st.Holder().ID, Entries: []manifest.Entry{entry}}); err != nil {
		return err
	}
	j.r.committed(l, entry)
	return j.r.finish(ctx, l.sink, l.intent, entry)
}

// writes finds out, by writing nothing, whether this run may still write: an
// object that cannot be committed is often how a lost lease shows first.
func (r *runner) writes(ctx context.Context) error {
	if err := r.st.Apply(ctx); lost(err) {
		return err
	}
	return nil
}

// keys lists the keys of pseudonyms in the lane's records.
func (l *lane) keys() []manifest.Key {
	var keys []manifest.Key
	for _, red := range l.rejects.behind {
		if id, check := red.Key(); check != "" {
			keys = append(keys, manifest.Key{ID: id, Check: check})
		}
	}
	return keys
}

// entry is what the manifest will say of l, but for what is stored.
func (j *job) entry(l *lane, ground []pipeline.Part) manifest.Entry {
	at := j.r.o.Clock().UTC()
	coverage := "read"
	if l.counts.Read == l.counts.Outside {
		coverage = "read_empty"
	}
	source := identityOf(j.source)
	return manifest.Entry{Source: j.read.Source, Log: source.Log, Identity: source.Fingerprint, Stream: j.read.Stream, Sink: l.sink.Addr,
		Slice: j.read.Slice, Start: j.read.Start, End: j.read.End, Revision: j.read.Revision, Attempt: l.write.Attempt,
		Intent: l.intent.ID, Shape: l.write.Shape, Basis: j.basis(at), Ground: ground,
		Settled: len(ground) == 0 && !j.began.Before(j.read.Settles), Counts: l.counts, Rules: l.rules, Keys: l.keys(), Coverage: coverage,
		Began: j.began, At: at, Tool: j.r.o.Tool}
}

// basis is the time that retention counts from: the end of the slice, for a
// snapshot, whose slice is not over yet, the instant it was taken, and for a
// whole file its latest record, at most the commit.
func (j *job) basis(commit time.Time) time.Time {
	switch {
	case !j.slice.End.IsZero() && j.slice.End.After(commit) && j.slice.Settle == 0 && len(j.slice.Ground) == 0:
		return j.began
	case !j.slice.End.IsZero():
		return j.slice.End
	case !j.latest.IsZero() && j.latest.Before(commit):
		return j.latest
	}
	return commit
}

// close aborts what was not stored and writes that down. It works on after the
// run was cancelled: an intent left open would only cost the next run a
// recovery, but a clean state is better. What may be stored keeps its intent:
// only a recovery, behind a fence, can tell.
func (j *job) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	var ops []state.Op
	for _, l := range j.lanes {
		if l.err == nil || l.stage == planned {
			continue
		}
		kept := l.abort() || l.blocked
		if l.stage == intended {
			ops = append(ops, state.Abandon{Intent: l.intent.ID, Kept: kept})
		}
	}
	j.r.finished(j)
	if len(ops) == 0 {
		return nil
	}
	return j.r.st.Apply(ctx, ops...)
}

// abort removes what the lane wrote and has not committed; kept says that
// something could not be removed.
func (l *lane) abort() (kept bool) {
	if l.writer != nil && l.writer.Abort() != nil {
		kept = true
	}
	if l.rejects != nil && l.rejects.abort() != nil {
		kept = true
	}
	return kept
}
