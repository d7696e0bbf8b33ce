package run

import (
	"context"
	"slices"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/record"
)

// node is one transform of a job's tree, or its root, which has no stage.
type node struct {
	stage    pipeline.Stage
	children []*node
	lanes    []*lane // sinks fed from here
}

// tree opens the stages between the job's source and its lanes, for one worker.
// A block that two ways lead to stands in the tree twice.
func (j *job) tree() *node {
	feeds := map[addr.Instance][]addr.Instance{}
	lanes := map[addr.Instance][]*lane{}
	wanted := map[addr.Instance]bool{}
	for _, l := range j.lanes {
		for _, from := range l.sink.From {
			lanes[from] = append(lanes[from], l)
			wanted[from] = true
		}
	}
	for _, in := range slices.Backward(j.r.pipe.Instances) {
		if !wanted[in.Addr] || in.Transform == nil {
			continue
		}
		for _, from := range in.From {
			wanted[from] = true
			feeds[from] = append(feeds[from], in.Addr)
		}
	}
	return j.grow(j.source.Addr, feeds, lanes)
}

func (j *job) grow(at addr.Instance, feeds map[addr.Instance][]addr.Instance, lanes map[addr.Instance][]*lane) *node {
	n := &node{lanes: lanes[at]}
	if in, ok := j.r.pipe.Instance(at); ok && in.Transform != nil {
		n.stage = in.Transform.Open(j.slice)
	}
	for _, next := range feeds[at] {
		n.children = append(n.children, j.grow(next, feeds, lanes))
	}
	return n
}

// retire closes a worker's tree and adds what its stages counted to the lanes
// behind them. Workers end in any order.
func (j *job) retire(n *node) {
	j.mu.Lock()
	defer j.mu.Unlock()
	n.close()
}

// close returns the lanes behind the node.
func (n *node) close() []*lane {
	behind := n.lanes
	for _, c := range n.children {
		behind = append(behind[:len(behind):len(behind)], c.close()...)
	}
	if n.stage == nil {
		return behind
	}
	if c, ok := n.stage.(pipeline.Counted); ok {
		counts := c.Counts()
		for i, l := range behind {
			if slices.Index(behind, l) == i { // two ways may lead to it
				l.tally(counts)
			}
		}
	}
	n.stage.Close()
	return behind
}

func (l *lane) tally(counts map[string]int64) {
	for rule, n := range counts {
		if l.rules == nil {
			l.rules = map[string]int64{}
		}
		l.rules[rule] += n
	}
}

// trail is what happened to a branch's records on the way down.
type trail struct {
	dropped int64
	rejects [][]record.Reject
}

// work takes one ticket through scan, identity and the tree.
func (j *job) work(ctx context.Context, root *node, tk *ticket) {
	b := tk.batch
	b.Scan()
	if j.ids != nil {
		tk.same, tk.doubled = j.ids.sift(b)
	}
	rejects := b.TakeRejects()
	tk.read = int64(b.Len()) + b.Skipped.Outside + b.Skipped.Unchanged
	for _, r := range rejects {
		if r.Index < 0 {
			tk.read++
		}
	}
	tk.newest = j.newest(b)
	var tr trail
	if len(rejects) > 0 {
		tr.rejects = append(tr.rejects, rejects)
	}
	root.push(ctx, tk, b, tr)
}

// push applies the node's stage and passes the batch on.
func (n *node) push(ctx context.Context, tk *ticket, b *record.Batch, tr trail) {
	if n.stage != nil && !n.apply(ctx, tk, b, &tr) {
		return
	}
	view := n.fork(tk, b, &tr)
	for i, c := range n.children {
		c.push(ctx, tk, view(i), trail{tr.dropped, slices.Clip(tr.rejects)})
	}
	for i, l := range n.lanes {
		tk.outs = append(tk.outs, out{lane: l, view: view(len(n.children) + i), dropped: tr.dropped, rejects: tr.rejects})
	}
}

// fork returns the batch for each outlet: b itself if there is one, else views
// of it. Making views reads what the stage has edited, so what the stage spoiled
// comes out here, and is rejected on the way to all outlets.
func (n *node) fork(tk *ticket, b *record.Batch, tr *trail) func(i int) *record.Batch {
	outlets := len(n.children) + len(n.lanes)
	if outlets < 2 {
		return func(int) *record.Batch { return b }
	}
	first := tk.used
	for range outlets {
		tk.view(b)
	}
	if rejects := b.TakeRejects(); len(rejects) > 0 {
		tr.rejects = append(tr.rejects, rejects)
	}
	return func(i int) *record.Batch { return tk.views[first+i] }
}

// apply runs the stage; false means that it failed and everything behind it
// with it.
func (n *node) apply(ctx context.Context, tk *ticket, b *record.Batch, tr *trail) bool {
	live := b.LiveCount()
	if err := n.stage.Apply(ctx, b); err != nil {
		n.fail(tk, err)
		return false
	}
	rejects := b.TakeRejects()
	tr.dropped += int64(live - b.LiveCount() - len(rejects))
	if len(rejects) > 0 {
		tr.rejects = append(tr.rejects, rejects)
	}
	return true
}

func (n *node) fail(tk *ticket, err error) {
	for _, l := range n.lanes {
		tk.outs = append(tk.outs, out{lane: l, err: err})
	}
	for _, c := range n.children {
		c.fail(tk, err)
	}
}

// redactions lists those that stand on some way from a source to a sink, in
// graph order.
func redactions(p *config.Pipeline) map[route][]pipeline.Redaction {
	all := map[route][]pipeline.Redaction{}
	for _, r := range plan.Routes(p) {
		for _, a := range r.Path {
			in, _ := p.Instance(a)
			if red, ok := in.Transform.(pipeline.Redaction); ok {
				at := route{r.Source.Addr, r.Sink.Addr}
				all[at] = append(all[at], red)
			}
		}
	}
	return all
}

// route is the two ends of a lane.
type route struct{ source, sink addr.Instance }
