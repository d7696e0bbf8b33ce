package run

import (
	"time"

	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// committed counts and tells one lane of one slice.
func (r *runner) committed(l *lane, e manifest.Entry) {
	r.mu.Lock()
	lr := r.lanes[l.intent.Lane]
	if lr == nil {
		lr = &LaneReport{Lane: l.intent.Lane}
		r.lanes[l.intent.Lane] = lr
	}
	lr.Slices++
	lr.Objects += len(e.Objects)
	for _, o := range e.Objects {
		lr.Bytes += o.Bytes
	}
	lr.Counts = lr.Counts.Add(e.Counts)
	for rule, n := range e.Rules {
		if lr.Rules == nil {
			lr.Rules = map[string]int64{}
		}
		lr.Rules[rule] += n
	}
	r.mu.Unlock()
	r.event(Event{Kind: Committed, Source: e.Source, Sink: e.Sink, Slice: e.Slice, Revision: e.Revision, Counts: e.Counts, Objects: e.Objects})
}

// finished counts the slice and tells what failed of it.
func (r *runner) finished(j *job) {
	whole := true
	for _, l := range j.lanes {
		if l.err == nil {
			continue
		}
		whole = false
		r.mu.Lock()
		r.report.Failures = append(r.report.Failures, Failure{Slice: j.read.Slice, Sink: l.sink.Addr, Err: l.err, Error: l.err.Error()})
		r.mu.Unlock()
		r.event(Event{Kind: Failed, Source: j.read.Source, Sink: l.sink.Addr, Slice: j.read.Slice, Revision: j.read.Revision, Error: l.err.Error()})
	}
	if whole {
		r.mu.Lock()
		r.report.Slices++
		r.mu.Unlock()
	}
}

func (j *job) progress() {
	var c manifest.Counts
	if len(j.lanes) > 0 {
		c = j.lanes[0].counts
	}
	j.r.event(Event{Kind: Progress, Source: j.read.Source, Slice: j.read.Slice, Revision: j.read.Revision, Counts: c})
}

// newest is the latest record time of a batch, for the basis of a slice that
// is a whole file. Zero if it is not asked for or no record has one.
func (j *job) newest(b *record.Batch) (t time.Time) {
	if !j.timed {
		return t
	}
	for i := range b.Len() {
		if !b.Live(i) {
			continue
		}
		if text, ok := b.Value(i, j.timeSlot).Text(); ok {
			if at, err := schema.ParseTime(text); err == nil && schema.Plausible(at) && at.After(t) {
				t = at
			}
		}
	}
	return t
}
