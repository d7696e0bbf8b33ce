package state

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/store"
)

// Op is one change of a state: OpenIntent, Finish, Abandon, Claim, Know, Move,
// Forget, Begin or Put. An op is data: a segment holds it as a line of JSON.
type Op interface {
	// do changes s, or leaves it alone and says why it cannot. undo takes the
	// change back as long as nothing else was done after it.
	do(s *State) (undo func(), err error)
}

// OpenIntent announces a slice before its first object is written.
type OpenIntent struct {
	Intent Intent `json:"intent"`
}

// Finish says that the objects of an intent are named by a manifest: the slice
// is done. Objects is how many they are, Head the manifest's head since; of
// several that are finished side by side the greatest stays.
type Finish struct {
	Intent  string        `json:"intent"`
	Done    Done          `json:"done"`
	Objects int64         `json:"objects,omitzero"`
	Head    manifest.Head `json:"head,omitzero"`
}

// Abandon says that no manifest names the objects of an intent. Kept says that
// some could not be deleted: the next attempt needs other names.
type Abandon struct {
	Intent string `json:"intent"`
	Kept   bool   `json:"kept,omitzero"`
}

// Claim says that a sink is used, and where. Objects and Head are set as they
// stand, unless they are zero.
type Claim struct {
	Sink    addr.Instance `json:"sink"`
	Kind    string        `json:"kind"`
	Place   string        `json:"place,omitempty"`
	Objects int64         `json:"objects,omitzero"`
	Head    manifest.Head `json:"head,omitzero"`
}

// Know says what a source is.
type Know struct {
	Source   addr.Instance `json:"source"`
	Identity Identity      `json:"identity"`
}

// Move gives a source or a sink another address, everywhere.
type Move struct {
	From addr.Instance `json:"from"`
	To   addr.Instance `json:"to"`
}

// Forget removes a source or a sink with its lanes and open intents.
type Forget struct {
	Addr addr.Instance `json:"addr"`
}

// Begin is the first op of a session: the fence for whoever wrote before.
type Begin struct {
	Holder store.Holder `json:"holder"`
	Serial int64        `json:"serial"` // of the segment that it stands in
}

// Put stores many slices of one lane at once, in order: how a snapshot, a push
// and a rebuild bring back what was.
type Put struct {
	Lane Lane           `json:"lane"`
	Done []*Done        `json:"done,omitempty"`
	Kept map[string]int `json:"kept,omitempty"`
}

// Do applies ops in order. If one cannot be, those before it stand and the
// error says why.
func (s *State) Do(ops ...Op) error {
	_, err := s.do(ops)
	return err
}

func (s *State) do(ops []Op) (undo []func(), err error) {
	for _, op := range ops {
		u, err := op.do(s)
		if err != nil {
			return undo, err
		}
		undo = append(undo, u)
	}
	return undo, nil
}

func (o OpenIntent) do(s *State) (func(), error) {
	in := o.Intent
	if err := in.Lane.check(); err != nil {
		return nil, fmt.Errorf("open intent %s: %w", in.ID, err)
	}
	if in.ID == "" || strings.ContainsAny(in.ID, "/\\") || store.CheckName(in.ID) != nil {
		return nil, fmt.Errorf("open intent %q of slice %q: the id cannot be part of an object's name", in.ID, in.Slice)
	}
	if _, open := s.Intents[in.ID]; open {
		return nil, fmt.Errorf("open intent %s of slice %q: it is open already", in.ID, in.Slice)
	}
	in.Start, in.End, in.Opened = in.Start.UTC(), in.End.UTC(), in.Opened.UTC()
	s.Intents[in.ID] = in
	return func() { delete(s.Intents, in.ID) }, nil
}

// close takes an open intent away.
func (s *State) close(id string) (in Intent, undo func(), err error) {
	in, open := s.Intents[id]
	if !open {
		return in, nil, fmt.Errorf("intent %s is not open", id)
	}
	delete(s.Intents, id)
	return in, func() { s.Intents[id] = in }, nil
}

func (o Finish) do(s *State) (func(), error) {
	d := o.Done
	d.utc()
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("finish intent %s: %w", o.Intent, err)
	}
	in, reopen, err := s.close(o.Intent)
	if err != nil {
		return nil, fmt.Errorf("finish slice %q: %w", d.Name, err)
	}
	sink := s.Sinks[in.Lane.Sink]
	_, used := s.Sinks[in.Lane.Sink]
	if used {
		n := sink
		n.Objects += o.Objects
		if o.Head.Seq > n.Head.Seq {
			n.Head = o.Head
		}
		s.Sinks[in.Lane.Sink] = n
	}
	ls, unlane := s.lane(in.Lane)
	kept, had := ls.Kept[in.Slice]
	delete(ls.Kept, in.Slice)
	unput := ls.put(&d)
	return func() {
		unput()
		if had {
			ls.keep(in.Slice, kept)
		}
		unlane()
		if used {
			s.Sinks[in.Lane.Sink] = sink
		}
		reopen()
	}, nil
}

func (o Abandon) do(s *State) (func(), error) {
	in, reopen, err := s.close(o.Intent)
	if err != nil || !o.Kept {
		return reopen, err
	}
	ls, unlane := s.lane(in.Lane)
	kept, had := ls.Kept[in.Slice]
	ls.keep(in.Slice, max(kept, in.Attempt))
	return func() {
		restore(ls.Kept, in.Slice, kept, had)()
		unlane()
		reopen()
	}, nil
}

func (o Claim) do(s *State) (func(), error) {
	if o.Sink.Class != addr.Sink {
		return nil, fmt.Errorf("claim for %s: it is not a sink", o.Sink)
	}
	old, had := s.Sinks[o.Sink]
	n := SinkMemory{Kind: o.Kind, Place: o.Place, Objects: old.Objects, Head: old.Head}
	if o.Objects > 0 {
		n.Objects = o.Objects
	}
	if o.Head.Seq > 0 {
		n.Head = o.Head
	}
	s.Sinks[o.Sink] = n
	return restore(s.Sinks, o.Sink, old, had), nil
}

func (o Know) do(s *State) (func(), error) {
	if o.Source.Class != addr.Source {
		return nil, fmt.Errorf("know %s: it is not a source", o.Source)
	}
	old, had := s.Sources[o.Source]
	s.Sources[o.Source] = o.Identity
	return restore(s.Sources, o.Source, old, had), nil
}

func restore[K comparable, V any](m map[K]V, k K, old V, had bool) func() {
	return func() {
		if had {
			m[k] = old
		} else {
			delete(m, k)
		}
	}
}

func (o Begin) do(s *State) (func(), error) {
	old := s.Session
	s.Session = Session(o)
	return func() { s.Session = old }, nil
}

func (o Put) do(s *State) (func(), error) {
	if err := o.Lane.check(); err != nil {
		return nil, err
	}
	for _, d := range o.Done {
		if d == nil {
			return nil, fmt.Errorf("lane %s: a slice is null", o.Lane)
		}
		if err := d.check(); err != nil {
			return nil, fmt.Errorf("lane %s: %w", o.Lane, err)
		}
	}
	ls, unlane := s.lane(o.Lane)
	undo := []func(){unlane}
	for _, d := range o.Done {
		d := *d
		d.utc()
		undo = append(undo, ls.put(&d))
	}
	kept := maps.Clone(ls.Kept)
	undo = append(undo, func() { ls.Kept = kept })
	for slice, n := range o.Kept {
		ls.keep(slice, n)
	}
	return func() {
		for _, u := range slices.Backward(undo) {
			u()
		}
	}, nil
}

func (o Move) do(s *State) (func(), error) {
	if o.From.Class != o.To.Class || o.From.Class != addr.Source && o.From.Class != addr.Sink {
		return nil, fmt.Errorf("move %s to %s: a source can become a source and a sink a sink", o.From, o.To)
	}
	if !s.knows(o.From) {
		return nil, fmt.Errorf("move %s to %s: the state does not know %s", o.From, o.To, o.From)
	}
	if s.knows(o.To) {
		return nil, fmt.Errorf("move %s to %s: the state knows %s already; remove it first if it is of no use", o.From, o.To, o.To)
	}
	return s.rewrite(func(a addr.Instance) (addr.Instance, bool) {
		if a == o.From {
			return o.To, true
		}
		return a, true
	}), nil
}

func (o Forget) do(s *State) (func(), error) {
	if !s.knows(o.Addr) {
		return nil, fmt.Errorf("forget %s: the state does not know it", o.Addr)
	}
	return s.rewrite(func(a addr.Instance) (addr.Instance, bool) { return a, a != o.Addr }), nil
}

// knows reports whether a stands anywhere in s.
func (s *State) knows(a addr.Instance) bool {
	_, source := s.Sources[a]
	_, sink := s.Sinks[a]
	if source || sink {
		return true
	}
	for l := range s.Lanes {
		if l.Source == a || l.Sink == a {
			return true
		}
	}
	for _, in := range s.Intents {
		if in.Lane.Source == a || in.Lane.Sink == a {
			return true
		}
	}
	return false
}

// rewrite gives every address its new one, or drops what has it.
func (s *State) rewrite(to func(addr.Instance) (addr.Instance, bool)) (undo func()) {
	old := *s
	s.Sources, s.Sinks = rekey(s.Sources, to), rekey(s.Sinks, to)
	lane := func(l Lane) (Lane, bool) {
		source, a := to(l.Source)
		sink, b := to(l.Sink)
		return Lane{Source: source, Stream: l.Stream, Sink: sink}, a && b
	}
	s.Lanes = rekey(s.Lanes, lane)
	s.Intents = maps.Clone(s.Intents)
	for id, in := range s.Intents {
		var stays bool
		if in.Lane, stays = lane(in.Lane); stays {
			s.Intents[id] = in
		} else {
			delete(s.Intents, id)
		}
	}
	return func() { *s = old }
}

func rekey[K comparable, V any](m map[K]V, to func(K) (K, bool)) map[K]V {
	n := make(map[K]V, len(m))
	for k, v := range m {
		if k, stays := to(k); stays {
			n[k] = v
		}
	}
	return n
}

// ops returns what makes s from an empty state, except its session and number.
func (s *State) ops() []Op {
	const chunk = 256 // slices to a line
	var ops []Op
	for _, a := range slices.SortedFunc(maps.Keys(s.Sources), addr.Instance.Compare) {
		ops = append(ops, Know{Source: a, Identity: s.Sources[a]})
	}
	for _, a := range slices.SortedFunc(maps.Keys(s.Sinks), addr.Instance.Compare) {
		m := s.Sinks[a]
		ops = append(ops, Claim{Sink: a, Kind: m.Kind, Place: m.Place, Objects: m.Objects, Head: m.Head})
	}
	for _, l := range slices.SortedFunc(maps.Keys(s.Lanes), Lane.Compare) {
		ls := s.Lanes[l]
		for done := range slices.Chunk(ls.Done, chunk) {
			ops = append(ops, Put{Lane: l, Done: done})
		}
		if len(ls.Kept) > 0 || len(ls.Done) == 0 {
			ops = append(ops, Put{Lane: l, Kept: ls.Kept})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.Intents)) {
		ops = append(ops, OpenIntent{Intent: s.Intents[id]})
	}
	return ops
}

// line is an op as it stands in a segment: an object with one member.
type line struct {
	Begin      *Begin      `json:"begin,omitzero"`
	Know       *Know       `json:"know,omitzero"`
	Claim      *Claim      `json:"claim,omitzero"`
	OpenIntent *OpenIntent `json:"open,omitzero"`
	Finish     *Finish     `json:"finish,omitzero"`
	Abandon    *Abandon    `json:"abandon,omitzero"`
	Move       *Move       `json:"move,omitzero"`
	Forget     *Forget     `json:"forget,omitzero"`
	Put        *Put        `json:"put,omitzero"`
}

// appendOp appends op as a line.
func appendOp(b []byte, op Op) ([]byte, error) {
	var l line
	switch o := op.(type) {
	case Begin:
		l.Begin = &o
	case Know:
		l.Know = &o
	case Claim:
		l.Claim = &o
	case OpenIntent:
		l.OpenIntent = &o
	case Finish:
		l.Finish = &o
	case Abandon:
		l.Abandon = &o
	case Move:
		l.Move = &o
	case Forget:
		l.Forget = &o
	case Put:
		l.Put = &o
	default:
		return b, fmt.Errorf("encode %T: it is no op of a state", op)
	}
	text, err := json.Marshal(&l, encoding)
	if err != nil {
		return b, fmt.Errorf("encode %T: %w", op, err)
	}
	return append(append(b, text...), '\n'), nil
}

// parseOp reads a line.
func parseOp(text []byte) (Op, error) {
	var l line
	if err := json.Unmarshal(text, &l, decoding); err != nil {
		return nil, err
	}
	var ops []Op
	add := func(op Op, is bool) {
		if is {
			ops = append(ops, op)
		}
	}
	add(pointee(l.Begin), l.Begin != nil)
	add(pointee(l.Know), l.Know != nil)
	add(pointee(l.Claim), l.Claim != nil)
	add(pointee(l.OpenIntent), l.OpenIntent != nil)
	add(pointee(l.Finish), l.Finish != nil)
	add(pointee(l.Abandon), l.Abandon != nil)
	add(pointee(l.Move), l.Move != nil)
	add(pointee(l.Forget), l.Forget != nil)
	add(pointee(l.Put), l.Put != nil)
	if len(ops) != 1 {
		return nil, errors.New("it is no change that this version knows")
	}
	return ops[0], nil
}

func pointee[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
