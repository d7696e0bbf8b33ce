package plan

import (
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/config"
)

// Route is how records get from one source to one sink: a lane for every
// stream of the source.
type Route struct {
	Source *config.Instance
	Sink   *config.Instance
	Path   []addr.Instance // the blocks between, feeds before what they feed
	Shape  string          // of everything from the source's records to the sink's bytes
}

// Routes lists the routes of a pipeline, by source and then sink in graph
// order.
func Routes(p *config.Pipeline) []Route {
	reached := reach(p)
	var routes []Route
	for _, source := range p.Instances {
		if source.Source == nil {
			continue
		}
		for _, sink := range p.Instances {
			if sink.Sink == nil || !reached[sink.Addr][source.Addr] {
				continue
			}
			r := Route{Source: source, Sink: sink, Path: between(p, reached, source.Addr, sink)}
			r.Shape = p.Shape(append(r.Path[:len(r.Path):len(r.Path)], sink.Addr))
			routes = append(routes, r)
		}
	}
	return routes
}

// reach tells for every block which sources' records reach it. Instances come
// in graph order, so one pass is enough.
func reach(p *config.Pipeline) map[addr.Instance]map[addr.Instance]bool {
	reached := map[addr.Instance]map[addr.Instance]bool{}
	for _, in := range p.Instances {
		from := map[addr.Instance]bool{}
		if in.Source != nil {
			from[in.Addr] = true
		}
		for _, f := range in.From {
			for s := range reached[f] {
				from[s] = true
			}
		}
		reached[in.Addr] = from
	}
	return reached
}

// between lists the blocks on some way from source to sink, without both.
func between(p *config.Pipeline, reached map[addr.Instance]map[addr.Instance]bool, source addr.Instance, sink *config.Instance) []addr.Instance {
	on := map[addr.Instance]bool{}
	todo := []*config.Instance{sink}
	for len(todo) > 0 {
		in := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, f := range in.From {
			if f == source || on[f] || !reached[f][source] {
				continue
			}
			on[f] = true
			if feed, ok := p.Instance(f); ok {
				todo = append(todo, feed)
			}
		}
	}
	var path []addr.Instance
	for _, in := range p.Instances {
		if on[in.Addr] {
			path = append(path, in.Addr)
		}
	}
	return path
}
