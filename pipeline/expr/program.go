package expr

import (
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/zclconf/go-cty/cty"
)

// Program is a compiled expression. It is read-only and safe for concurrent
// use; what runs it is a Machine.
type Program struct {
	root        *node
	rng         hcl.Range
	reads       []record.Path
	interpreted []string
	fingerprint string
	vars        int // loop variables that are in scope at once, at most
}

// Type returns the type of the result; nil is any.
func (p *Program) Type() *schema.Type { return p.root.typ }

// Class returns the highest class of what the expression reads.
func (p *Program) Class() schema.Class { return p.root.class }

// Reads returns the paths that the expression reads, each once, in order of
// first reading. A list is among them where its elements are counted or
// walked; `record` as a whole is the zero path.
func (p *Program) Reads() []record.Path { return p.reads }

// Interpreted returns the names of the functions that are called through cty
// on each record, each once: what makes an expression slow.
func (p *Program) Interpreted() []string { return p.interpreted }

// Fingerprint returns the expression in a canonical form, with constants
// folded in and sensitive ones as a hash. It changes exactly when the meaning
// may: comments, spaces, names of loop variables and of locals do not count.
func (p *Program) Fingerprint() string { return p.fingerprint }

// Range returns where the expression stands.
func (p *Program) Range() hcl.Range { return p.rng }

// Const returns the value of an expression that reads no record. The value may
// be unknown or marked. It is false for an expression that reads one.
func (p *Program) Const() (cty.Value, bool) {
	if p.root.con == nil {
		return cty.DynamicVal, false
	}
	return p.root.con.cty, true
}

// Condition says what is wrong with p as a condition, whose result is true or
// false; nil if nothing is.
func (p *Program) Condition() hcl.Diagnostics {
	if t := p.root.typ; t == nil || t.Kind == schema.Any || t.Kind == schema.Bool || p.root.isConvertible() {
		return nil
	}
	return hcl.Diagnostics{fault(p.rng, "Condition is not true or false",
		fmt.Sprintf("A condition must be a bool; this is %s. Compare it with something, for instance with == or has().", article(p.root.typ)))}
}

// Outgoing says what is wrong with p as a value that leaves with the record:
// nothing sensitive may, not even as an answer to a comparison; nil if nothing
// is.
func (p *Program) Outgoing() hcl.Diagnostics {
	if !p.root.sensitive {
		return nil
	}
	return hcl.Diagnostics{sensitiveFault(p.rng)}
}

// Open returns a machine that runs p. One is opened for each open slice; age()
// counts to end, the slice's end, and is null if end is zero.
func (p *Program) Open(end time.Time) *Machine {
	return &Machine{p: p, end: end, vars: make([]value, p.vars)}
}

// Machine runs a program. It owns scratch memory and is not safe for
// concurrent use.
type Machine struct {
	p    *Program
	end  time.Time
	b    *record.Batch
	i    int
	err  error
	at   hcl.Range // where err happened; zero if nobody has said yet
	vars []value   // loop variables
	loud bool      // failures may name values: nothing of a record is in reach
	took int       // rounds of loops on this record

	// Memory for what is made while one record is looked at. Slices of it stay
	// good when it grows, because the old array stays where it is.
	buf    []byte
	extras []extra
	stack  []value
}

// Bool runs the program on record i of b; null and missing count as false. An
// error says where in the expression and what was found, never a value of the
// record.
func (m *Machine) Bool(b *record.Batch, i int) (bool, error) {
	m.turn(b, i)
	ok := m.p.root.test(m)
	if m.err != nil {
		return false, m.failure()
	}
	return ok, nil
}

// AppendJSON runs the program on record i of b and appends the result as JSON,
// null for null. Parts of the record that pass through stay byte for byte.
func (m *Machine) AppendJSON(dst []byte, b *record.Batch, i int) ([]byte, error) {
	m.turn(b, i)
	v := m.p.root.eval(m)
	if m.err != nil {
		return dst, m.failure()
	}
	out := m.appendJSON(dst, v)
	if m.err != nil {
		return dst, m.failure()
	}
	return out, nil
}

func (m *Machine) turn(b *record.Batch, i int) {
	m.b, m.i, m.err, m.took = b, i, nil, 0
	m.buf, m.extras, m.stack = m.buf[:0], m.extras[:0], m.stack[:0]
}

func (m *Machine) failure() error {
	r := m.p.rng
	if m.at != (hcl.Range{}) {
		r = m.at
	}
	return fmt.Errorf("evaluate expression at %s:%d,%d: %w", r.Filename, r.Start.Line, r.Start.Column, m.err)
}

// fail keeps the first failure; what is computed from then on is thrown away,
// unless try or can or the other side of && takes the failure back.
func (m *Machine) fail(format string, args ...any) {
	if m.err == nil {
		m.err, m.at = fmt.Errorf(format, args...), hcl.Range{}
	}
}

// blame says that the failure just met is about the value of n.
func (m *Machine) blame(n *node) {
	if m.err == nil || m.at != (hcl.Range{}) {
		return
	}
	m.at = n.rng
	if n.ref != nil {
		m.err = fmt.Errorf("%s: %w", n.ref.label, m.err)
	}
}

// numberOf is the value of n as a number.
func (m *Machine) numberOf(n *node) (value, bool) {
	v, ok := m.number(n.eval(m))
	if !ok {
		m.blame(n)
	}
	return v, ok
}

// textOf is the value of n as text.
func (m *Machine) textOf(n *node) ([]byte, bool) {
	s, ok := m.text(n.eval(m))
	if !ok {
		m.blame(n)
	}
	return s, ok
}

// round counts one round of a loop; false if there were too many, or if they
// made too much text.
func (m *Machine) round() bool {
	if m.took++; m.took > maxElements {
		m.fail("loops take more than %d rounds", maxElements)
	}
	m.roomy()
	return m.err == nil
}

// roomy fails if too much text was made.
func (m *Machine) roomy() {
	if len(m.buf) > 4*maxBytes {
		m.fail("more than %d MiB of text are made", 4*maxBytes>>20)
	}
}

// extra returns memory for the content of a structure.
func (m *Machine) extra() *extra {
	if len(m.extras) == cap(m.extras) {
		m.extras = make([]extra, 0, 2*cap(m.extras)+4)
	}
	m.extras = append(m.extras, extra{})
	return &m.extras[len(m.extras)-1]
}
