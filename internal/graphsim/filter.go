package graphsim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/logpipe/logpipe/pipeline/schema"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// filter reads $filter: clauses joined by and, each on a property that the set
// can filter by, with an operator that the property has. What falls outside is
// refused as the service does.
func (t *Tenant) filter(q *query, text string) *problem {
	f := &filterText{text: text}
	for {
		c, name, p := f.clause()
		if p == nil {
			p = t.take(q, name, c)
		}
		if p != nil {
			return p
		}
		switch w := f.word(); w {
		case "":
			if !f.done() {
				return f.wrong()
			}
			return nil
		case "and":
		default:
			return badRequest("Invalid filter clause: '" + w + "' is not supported here.")
		}
	}
}

// take adds a clause to q, if the set allows it.
func (t *Tenant) take(q *query, name string, c clause) *problem {
	s := q.set
	ops, ok := s.filters[name]
	if ok && name == "signInEventTypes/any" && s.version != "beta" {
		ok = false
	}
	if !ok {
		return badRequest("Invalid filter clause: Could not find a property named '" + name + "' on type 'microsoft.graph." + s.kind + "' that supports filtering.")
	}
	if !slices.Contains(strings.Fields(ops), c.op) {
		return badRequest("Invalid filter clause: operator '" + c.op + "' is not supported for property '" + name + "'.")
	}
	isTime := ops == times || strings.HasSuffix(name, "DateTime")
	if isTime != (c.form == 't') {
		return badRequest("A binary operator with incompatible types was detected. Found operand types '" + pick(isTime, "Edm.DateTimeOffset", "Edm.String") + "' and '" + literalType(c.form) + "' for operator kind '" + c.op + "'.")
	}
	c.caseful = s.caseful
	switch {
	case name == "signInEventTypes/any":
		return q.streams(c)
	case name == s.main && s.main != "":
		q.bounded(c)
	case name == "id" && t.pin(q, c.text):
	default:
		from, to := time.Time{}, time.Time{}
		if isTime && c.op != "lt" && c.op != "le" {
			from = c.at
		}
		if isTime && c.op != "gt" && c.op != "ge" {
			to = c.at
		}
		q.widen(name, from, to)
		q.clauses = append(q.clauses, c)
	}
	return nil
}

func literalType(form byte) string {
	switch form {
	case 't':
		return "Edm.DateTimeOffset"
	case 'n':
		return "Edm.Int32"
	case 'b':
		return "Edm.Boolean"
	}
	return "Edm.String"
}

// streams answers signInEventTypes/any: records have one type each.
func (q *query) streams(c clause) *problem {
	f, ok := streamFeeds[c.text]
	if !ok {
		q.feeds = nil
		return nil
	}
	if c.op == "eq" {
		q.feeds = []feed{f}
		return nil
	}
	q.feeds = nil
	for _, other := range []feed{feedInteractive, feedNonInteractive, feedWorkload, feedManaged} {
		if other != f {
			q.feeds = append(q.feeds, other)
		}
	}
	return nil
}

// bounded answers a clause on the main time by bounds.
func (q *query) bounded(c clause) {
	from := ceil(c.at)
	after := instantOf(c.at).next()
	switch c.op {
	case "ge":
		q.narrow(from, instant{})
	case "gt":
		if q.set.family == identityProtection {
			q.narrow(instantOf(c.at.Truncate(time.Millisecond)), instant{})
			return
		}
		q.narrow(after, instant{})
	case "lt":
		q.narrow(instant{}, from)
	case "le":
		q.narrow(instant{}, after)
	case "eq":
		q.narrow(from, after)
	}
}

// pin answers a filter on id by the key in it, if it has one.
func (t *Tenant) pin(q *query, id string) bool {
	if q.set.table != 0 {
		return false
	}
	k, ok := t.byID(q.set, id)
	q.pinned = []key{}
	if ok {
		q.pinned = append(q.pinned, k)
	}
	return true
}

// byID finds the record of an event set by its id.
func (t *Tenant) byID(s *set, id string) (key, bool) {
	var k key
	var ok bool
	switch s.feeds[0] {
	case feedAudit, feedAttribute:
		k, ok = t.findAudit(id)
	case feedRisk, feedWorkloadRisk:
		k, ok = t.findDetection(id)
	default:
		if g, isGUID := parseGUID(id); isGUID {
			if x, revealed := reveal(g, t.seed); revealed {
				k, ok = t.find(x)
			}
		}
		if ok && s.kind == "signIn" {
			return k, k.feed <= feedManaged
		}
	}
	return k, ok && k.feed == s.feeds[0]
}

// filterText is the text of a filter while it is read.
type filterText struct {
	text string
	i    int
}

func (f *filterText) done() bool {
	for f.i < len(f.text) && f.text[f.i] == ' ' {
		f.i++
	}
	return f.i == len(f.text)
}

func (f *filterText) wrong() *problem {
	return badRequest(fmt.Sprintf("Invalid filter clause: Syntax error at position %d in '%s'.", f.i, f.text))
}

// word reads a run of letters, digits and what stands in names, numbers and
// times.
func (f *filterText) word() string {
	if f.done() {
		return ""
	}
	start := f.i
	for f.i < len(f.text) && !strings.ContainsRune(" (),'", rune(f.text[f.i])) {
		f.i++
	}
	return f.text[start:f.i]
}

func (f *filterText) accept(c byte) bool {
	if f.done() || f.text[f.i] != c {
		return false
	}
	f.i++
	return true
}

// clause reads one condition and the name of its property, which for a lambda
// is list/any or list/any/member.
func (f *filterText) clause() (c clause, name string, p *problem) {
	w := f.word()
	switch {
	case w == "" || w == "not":
		return c, "", f.wrong()
	case strings.EqualFold(w, "startswith") || w == "contains":
		name, p = f.function(&c, strings.ToLower(w), "")
	case strings.HasSuffix(w, "/any") && f.accept('('):
		return f.lambda(strings.TrimSuffix(w, "/any"))
	default:
		name = w
		p = f.comparison(&c)
	}
	c.path = strings.Split(name, "/")
	return c, name, p
}

// lambda reads what follows list/any( : a variable, a colon and a condition on
// it.
func (f *filterText) lambda(list string) (c clause, name string, p *problem) {
	c.any, c.path, name = true, strings.Split(list, "/"), list+"/any"
	variable, ok := strings.CutSuffix(f.word(), ":")
	if !ok || variable == "" {
		// any(t:t eq 'x') without a space after the colon
		var rest string
		if variable, rest, ok = strings.Cut(variable, ":"); !ok || variable == "" {
			return c, name, f.wrong()
		}
		f.i -= len(rest)
	}
	subject := f.word()
	if strings.EqualFold(subject, "startswith") {
		member, p := f.function(&c, "startswith", variable+"/")
		if p != nil {
			return c, name, p
		}
		subject = variable + "/" + member
	} else if p := f.comparison(&c); p != nil {
		return c, name, p
	}
	if member, ok := strings.CutPrefix(subject, variable+"/"); ok {
		c.inner = strings.Split(member, "/")
		name += "/" + member
	} else if subject != variable {
		return c, name, f.wrong()
	}
	if !f.accept(')') {
		return c, name, f.wrong()
	}
	return c, name, nil
}

// function reads (property,'text').
func (f *filterText) function(c *clause, op, prefix string) (name string, p *problem) {
	if !f.accept('(') {
		return "", f.wrong()
	}
	name, ok := strings.CutPrefix(f.word(), prefix)
	c.op = op
	if !ok || name == "" || !f.accept(',') {
		return name, f.wrong()
	}
	if p := f.literal(c); p != nil {
		return name, p
	}
	if c.form != 's' || !f.accept(')') {
		return name, f.wrong()
	}
	return name, nil
}

func (f *filterText) comparison(c *clause) *problem {
	c.op = f.word()
	switch c.op {
	case "eq", "ne", "ge", "gt", "le", "lt":
		return f.literal(c)
	}
	return f.wrong()
}

// literal reads text in quotes, a time, a number, true, false or null.
func (f *filterText) literal(c *clause) *problem {
	if f.accept('\'') {
		for f.i < len(f.text) {
			if f.text[f.i] != '\'' {
				c.text += string(f.text[f.i])
				f.i++
				continue
			}
			f.i++
			if f.i == len(f.text) || f.text[f.i] != '\'' {
				c.form = 's'
				return nil
			}
			c.text += "'"
			f.i++
		}
		return f.wrong()
	}
	c.text = f.word()
	if when, ok := literalTime(c.text); ok {
		c.form, c.at = 't', when
		return nil
	}
	if _, err := strconv.ParseFloat(c.text, 64); err == nil {
		c.form = 'n'
		return nil
	}
	switch c.text {
	case "true", "false", "null":
		c.form = 'b'
		return nil
	}
	return f.wrong()
}

// literalTime reads a time as OData writes it: with a zone, or only a day.
func literalTime(text string) (time.Time, bool) {
	if len(text) < 10 || text[4] != '-' || text[7] != '-' {
		return time.Time{}, false
	}
	if len(text) == 10 {
		when, err := time.Parse(time.DateOnly, text)
		return when, err == nil
	}
	if !strings.ContainsAny(text[10:], "Z+-") {
		return time.Time{}, false
	}
	when, err := schema.ParseTime([]byte(text))
	return when, err == nil
}
