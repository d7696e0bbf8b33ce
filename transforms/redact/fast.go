package redact

import (
	"slices"

	"github.com/logpipe/logpipe/pipeline/record"
)

// fast is the way of pipelines that name what they redact and keep the rest:
// the scan of the batch has found the fields. guards make sure that the record
// has the shape for which that is all there is; else it is walked.
type fast struct {
	rules  []fastRule
	guards []guard
}

type fastRule struct {
	*rule
	slot  record.Slot
	phone record.Slot // where the value's type may say phoneNumber; -1 for nowhere
}

// guard says what must stand at a slot, if anything does.
type guard struct {
	slot record.Slot
	kind record.Kind
}

// target is a value to be changed.
type target struct {
	rule  *rule
	at    record.Span
	phone bool
}

// newFast returns nil if more than what fields' paths say is to be looked at.
func newFast(root *node, l *record.Layout) *fast {
	f := &fast{}
	if l == nil || !f.collect(root, nil, l) {
		return nil
	}
	return f
}

// collect goes down the tree and registers where rules are set.
func (f *fast) collect(n *node, at []record.Step, l *record.Layout) bool {
	if n.rule != nil {
		phone := record.Slot(-1)
		if n.phoneAt != "" {
			if slices.ContainsFunc(at, func(s record.Step) bool { return s.Each }) {
				return false
			}
			beside := append(slices.Clone(at[:len(at)-1]), record.Step{Key: n.phoneAt})
			phone = l.FoldSlot(record.PathOf(beside...))
		}
		f.rules = append(f.rules, fastRule{n.rule, l.FoldSlot(record.PathOf(slices.Clone(at)...)), phone})
		return n.rule.action != scan
	}
	if len(n.keys.list) > 0 && n.other.rule != nil {
		return false
	}
	if !n.busy {
		return true
	}
	kind := record.Object
	if n.elem != nil {
		kind = record.Array
	}
	if len(at) > 0 {
		f.guards = append(f.guards, guard{l.FoldSlot(record.PathOf(slices.Clone(at)...)), kind})
	}
	if n.elem != nil {
		steps := slices.Clone(at)
		steps[len(steps)-1].Each = true
		return f.collect(n.elem, steps, l)
	}
	for _, k := range n.keys.list {
		if !f.collect(k.node, append(slices.Clone(at), record.Step{Key: k.name}), l) {
			return false
		}
	}
	return true
}

// quick redacts record i by what the scan has found. It returns false, and has
// done nothing, if the record must be walked.
func (s *stage) quick(b *record.Batch, i int) (done bool, err error) {
	for _, g := range s.fast.guards {
		for _, at := range b.Hits(i, g.slot) {
			if k := b.At(i, at).Kind(); k != g.kind && k != record.Null {
				return false, nil
			}
		}
	}
	if !b.Live(i) {
		return true, nil // reading has found it broken
	}
	s.targets = s.targets[:0]
	// From the last field to the first: the batch takes edits in that order with
	// the least work.
	for k := len(s.fast.rules) - 1; k >= 0; k-- {
		r := &s.fast.rules[k]
		phone := r.phone >= 0 && saysPhone(b.Value(i, r.phone))
		for _, at := range b.Hits(i, r.slot) {
			s.targets = append(s.targets, target{r.rule, at, phone})
		}
	}
	for _, t := range s.targets {
		if k := b.At(i, t.at).Kind(); (k == record.Object || k == record.Array) && !t.rule.action.whole() {
			return false, nil
		}
	}
	for _, t := range s.targets {
		what, err := s.apply(t.rule, b.At(i, t.at), t.phone)
		if err != nil {
			return true, err
		}
		switch what {
		case changed:
			b.Replace(i, t.at, s.json)
		case removed:
			b.Remove(i, t.at)
		}
	}
	return true, nil
}

// saysPhone reports whether a signInIdentifierType says phoneNumber.
func saysPhone(v record.Value) bool {
	t, ok := v.Text()
	return ok && len(t) == len("phoneNumber") && sameFold("phonenumber", t)
}
