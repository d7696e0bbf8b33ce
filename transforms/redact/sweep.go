package redact

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/transforms/redact/pseudonym"
)

// shortest is the length of the shortest text, in bytes, in which anything is
// looked for, and of the shortest value that is looked for.
const shortest = 5

// gone stands for a swept value that a rule took out without putting anything
// in its place.
const gone = "[redacted]"

// sweeper looks in texts for the values that rules have taken out of sight.
//
// A value is looked for in its own form and in the canonical one, as a whole
// token. To be fast it is found by grams: of each value the groups of four
// bytes at its first three places are noted in a filter, and of a text only
// every third place is looked up there.
type sweeper struct {
	needles []needle
	grams   []gram
	guids   []guidBytes
	arena   []byte // texts of needles and what replaces them
	heads   [256]int32
	filter  [128]uint64
	short   bool // some needle is too short for grams

	known  known
	forms  forms
	flat   flat
	inside flat // of base64
	hits   []hit
	plain  []byte // decoded base64
	text   []byte // a text as it is, and as it becomes
	result []byte
	other  []byte // form of a needle
}

type needle struct {
	from, to   int // text in arena
	put, putTo int // what replaces it
	kind       pseudonym.Type
}

type gram struct {
	hash   uint32
	needle int32
	offset int32
	next   int32 // + 1
}

type guidBytes struct {
	bytes      [16]byte
	put, putTo int
}

// hit is a stretch of a text that must not stay, and what to put there.
type hit struct {
	start, end int
	put        []byte
}

// prepare collects what is to be swept from the tapes.
func (s *stage) prepare(docs []*doc) {
	w := &s.sweeper
	w.needles, w.grams, w.guids, w.arena, w.short = w.needles[:0], w.grams[:0], w.guids[:0], w.arena[:0], false
	if !s.sweep {
		return
	}
	clear(w.heads[:])
	clear(w.filter[:])
	for _, d := range docs {
		for k := range d.tape {
			e := &d.tape[k]
			if (e.kind == changedTo || e.kind == takenOut) && e.rule != nil && e.rule.sweeps() {
				s.needlesOf(d, e)
			}
		}
	}
}

// sweeps reports whether what r takes out of sight is swept elsewhere. A city
// or an operating system is no secret in another field.
func (r *rule) sweeps() bool {
	return r.action.clears() && (r.action != coarsen || r.coarser == network || r.coarser == agent)
}

// needlesOf adds every text and long number in the value that e changed.
func (s *stage) needlesOf(d *doc, e *entry) {
	put := []byte(gone)
	if e.kind == changedTo {
		if v := record.ValueOf(d.arena[e.from:e.to]); v.Kind() == record.String {
			if t, err := v.AppendText(s.result[:0]); err == nil && len(t) > 0 {
				s.result, put = t, t
			}
		}
	}
	raw := d.raw[e.value:e.end]
	if raw[0] != '{' && raw[0] != '[' {
		s.needle(raw, put)
		return
	}
	for i := 0; i < len(raw); {
		if c := raw[i]; c != '"' && c != '-' && c-'0' >= 10 {
			i++
			continue
		}
		end := scalarEnd(raw, i)
		if end < 0 {
			return
		}
		if next := skipSpace(raw, end); next >= len(raw) || raw[next] != ':' {
			s.needle(raw[i:end], put)
		}
		i = end
	}
}

// needle adds the value of a scalar, unless it is too common or too short to be
// told from what stands elsewhere by chance.
func (s *stage) needle(raw, put []byte) {
	if len(raw) < shortest || raw[0] != '"' && len(raw) < 6 {
		return
	}
	value := raw
	if raw[0] == '"' {
		if value = raw[1 : len(raw)-1]; bytes.IndexByte(value, '\\') >= 0 {
			t, broken := s.textOf(raw)
			if broken {
				return
			}
			value = t
		}
		value = bytes.TrimSpace(value)
	}
	w := &s.sweeper
	from := len(w.arena)
	w.arena = append(w.arena, put...)
	to := len(w.arena)
	if isGUID(value) && w.addGUID(value, from, to) {
		return
	}
	e, hit := w.known.find(value)
	if hit {
		for _, f := range e.forms[:e.n] {
			w.add(e.text[f.from:f.to], f.kind, from, to)
		}
		return
	}
	w.inside.set(value)
	text := w.inside.text
	kind, canonical := s.former.Form(value, false)
	if kind == pseudonym.GUID {
		w.addGUID(canonical, from, to)
		return
	}
	w.forms.list, w.forms.text = w.forms.list[:0], w.forms.text[:0]
	if kind != pseudonym.Placeholder && (kind != pseudonym.Text || !s.common(text)) {
		w.formsOf(text, canonical, kind)
	}
	for _, f := range w.forms.list {
		w.add(w.forms.text[f.from:f.to], f.kind, from, to)
	}
	if kind == pseudonym.Text && w.given(value, from, to) {
		return
	}
	e.learn(value, &w.forms)
}

// given adds the GUIDs that an opaque id gives away: an audit's id has its
// correlation id inside, and a token's id is the bytes of its sign-in's.
func (w *sweeper) given(value []byte, put, putTo int) (found bool) {
	const text, packed = 36, 22
	for i := 0; i+text <= len(value); i++ {
		if v := value[i : i+text]; isGUID(v) && w.addGUID(v, put, putTo) {
			found = true
			i += text - 1
		}
	}
	if len(value) != packed || bytes.IndexFunc(value, func(r rune) bool { return r >= utf8.RuneSelf || base64Values[r] == notBase64 }) >= 0 {
		return found
	}
	w.decode(value)
	if len(w.plain) != 16 {
		return found
	}
	for _, little := range []bool{true, false} {
		b := [16]byte(w.plain)
		if little {
			swapGUID(&b)
		}
		var guid [text]byte
		digits := hex.AppendEncode(w.other[:0], b[:])
		w.other = digits
		at := 0
		for i, c := range digits {
			if i == 8 || i == 12 || i == 16 || i == 20 {
				guid[at] = '-'
				at++
			}
			guid[at] = c
			at++
		}
		w.addGUID(guid[:], put, putTo)
	}
	return true
}

// swapGUID changes between the two orders in which services write the bytes of
// the first three groups.
func swapGUID(b *[16]byte) {
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
}

// formsOf sets w.forms to the forms of a value in which it may stand elsewhere.
func (w *sweeper) formsOf(text, canonical []byte, kind pseudonym.Type) {
	w.forms.add(text, kind)
	if w.inside.has&hasWide != 0 {
		w.other = appendLoose(w.other[:0], text)
		w.forms.add(w.other, kind)
	}
	switch kind {
	case pseudonym.Address:
		w.forms.add(canonical, kind)
		if at := bytes.LastIndexByte(canonical, '@'); at >= 0 {
			// The form in which other directories know the account.
			w.other = append(append(append(w.other[:0], canonical[:at]...), '_'), canonical[at+1:]...)
			w.forms.add(append(w.other, guestMark...), kind)
		}
	case pseudonym.IP, pseudonym.Phone:
		w.forms.add(canonical, kind)
		w.forms.add(bytes.TrimPrefix(canonical, []byte("+")), kind)
	}
}

const guestMark = "#ext#"

// textOf returns the contents of a JSON string.
func (s *stage) textOf(raw []byte) (t []byte, broken bool) {
	v := record.ValueOf(raw)
	if t, ok := v.Text(); ok {
		return t, false
	}
	t, err := v.AppendText(s.sweeper.text[:0])
	s.sweeper.text = t
	return t, err != nil
}

// common reports whether a folded text is no value of one person: too short to
// be told from chance, a word that services write, or a value of some enum.
func (t *Redact) common(text []byte) bool {
	if len(text) < 6 {
		return bytes.IndexByte(text, ' ') < 0
	}
	_, found := t.words[string(text)]
	return found
}

// commonWords returns the texts, folded, that many records hold about nobody:
// what services write, and the values of the schema's enums.
func commonWords(in *schema.Schema) map[string]struct{} {
	words := map[string]struct{}{}
	for _, w := range []string{
		"administrator", "anonymous", "application", "azure active directory", "azuread", "browser", "chrome", "compliant",
		"default", "default policy", "device", "disabled", "enabled", "everyone", "external", "failure", "firefox", "global",
		"guests", "internal", "ios 17", "ios 18", "macintosh", "macos", "member", "microsoft", "mobile apps and desktop clients", "none",
		"office 365", "password", "primary", "redacted", "safari", "security", "service", "success", "system", "tenant", "unknown",
		"user account", "username", "windows", "windows 10", "windows 11", "all users", "all guests", "all apps", "no reply", "noreply",
	} {
		words[w] = struct{}{}
	}
	in.Walk(func(l schema.Leaf) {
		if l.Type != nil {
			for _, v := range l.Type.Values {
				words[strings.ToLower(v)] = struct{}{}
			}
		}
	})
	return words
}

// appendLoose appends what upper case makes of letters that have none of their
// own.
func appendLoose(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		switch r {
		case 'ı':
			dst = append(dst, 'i')
		case 'ß':
			dst = append(dst, "ss"...)
		default:
			dst = append(dst, text[i:i+n]...)
		}
		i += n
	}
	return dst
}

// addGUID adds a GUID with dashes, in its text forms and as bytes. It returns
// false if value, which has a GUID's dashes, is none that means somebody.
func (w *sweeper) addGUID(value []byte, put, putTo int) bool {
	var g guidBytes
	var text [36]byte
	var digits [32]byte
	bad, any := byte(0), byte(0)
	for i, at := range guidDigits {
		a, b := value[at], value[at+1]
		x, y := hexValues[a], hexValues[b]
		bad |= x | y
		any |= x | y
		g.bytes[i] = x<<4 | y&15
		a, b = lower[a], lower[b]
		text[at], text[at+1], digits[2*i], digits[2*i+1] = a, b, a, b
	}
	if bad > 15 || any == 0 {
		return false
	}
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	// Both texts begin alike, so that one needle finds them: the digits stand
	// behind the text.
	if w.add(text[:], pseudonym.GUID, put, putTo) {
		w.arena = append(w.arena, digits[:]...)
	}
	g.put, g.putTo = put, putTo
	w.guids = append(w.guids, g)
	swapGUID(&g.bytes)
	w.guids = append(w.guids, g)
	return true
}

// guidLength is how many digits a GUID has.
const guidLength = 32

// guidDigits is where in a GUID's text the two digits of each byte stand.
var guidDigits = [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// hexValues are the values of hex digits, more than 15 for others.
var hexValues = hexTable()

func hexTable() (t [256]byte) {
	for c := range t {
		t[c] = hexValue(byte(c))
	}
	return t
}

func gramHash(t []byte) uint32 { return binary.LittleEndian.Uint32(t) * 0x9e3779b1 }

// add adds one form of a value; a form that is there already stays.
func (w *sweeper) add(text []byte, kind pseudonym.Type, put, putTo int) (added bool) {
	if len(text) < shortest || w.has(text) {
		return false
	}
	from := len(w.arena)
	w.arena = append(w.arena, text...)
	w.needles = append(w.needles, needle{from, len(w.arena), put, putTo, kind})
	if len(text) < 6 {
		w.short = true
		return true
	}
	for o := range 3 {
		h := gramHash(text[o:])
		w.filter[h>>25] |= 1 << (h >> 19 & 63)
		head := &w.heads[h>>24]
		w.grams = append(w.grams, gram{h, int32(len(w.needles) - 1), int32(o), *head})
		*head = int32(len(w.grams))
	}
	return true
}

// has reports whether a needle is there already.
func (w *sweeper) has(text []byte) bool {
	if len(text) < 6 {
		for k := range w.needles {
			if n := &w.needles[k]; bytes.Equal(w.arena[n.from:n.to], text) {
				return true
			}
		}
		return false
	}
	h := gramHash(text)
	for g := w.heads[h>>24]; g != 0; g = w.grams[g-1].next {
		if x := &w.grams[g-1]; x.hash == h && x.offset == 0 {
			if n := &w.needles[x.needle]; bytes.Equal(w.arena[n.from:n.to], text) {
				return true
			}
		}
	}
	return false
}

// find appends to w.hits where needles stand in f, in places of f's source.
func (w *sweeper) find(f *flat) {
	t := f.text
	for p := 0; p+4 <= len(t); p += 3 {
		h := gramHash(t[p:])
		if w.filter[h>>25]>>(h>>19&63)&1 == 0 {
			continue
		}
		for g := w.heads[h>>24]; g != 0; g = w.grams[g-1].next {
			if x := &w.grams[g-1]; x.hash == h {
				w.try(f, int(x.needle), p-int(x.offset))
			}
		}
	}
	if !w.short {
		return
	}
	for k := range w.needles {
		n := &w.needles[k]
		if n.to-n.from >= 6 {
			continue
		}
		for p := 0; ; p++ {
			i := bytes.Index(t[p:], w.arena[n.from:n.to])
			if i < 0 {
				break
			}
			p += i
			w.try(f, k, p)
		}
	}
}

// try notes a hit if needle k stands at place p as a whole token.
func (w *sweeper) try(f *flat, k, p int) {
	n := &w.needles[k]
	text := w.arena[n.from:n.to]
	if p < 0 {
		return
	}
	if !bytes.HasPrefix(f.text[p:], text) {
		if n.kind != pseudonym.GUID {
			return
		}
		if text = w.arena[n.to : n.to+guidLength]; !bytes.HasPrefix(f.text[p:], text) {
			return
		}
	}
	end := p + len(text)
	if bytes.HasSuffix(text, []byte(guestMark)) && end < len(f.text) && f.text[end] == '@' {
		for end++; end < len(f.text) && (f.text[end] == '.' || f.text[end] == '-' || wordRune(first(f.text[end:]))); {
			_, size := utf8.DecodeRune(f.text[end:])
			end += size
		}
	}
	if !token(f.text, p, end, n.kind) {
		return
	}
	w.hits = append(w.hits, hit{f.at(p), f.at(end), w.arena[n.put:n.putTo]})
}

// token reports whether t[s:e] is not part of something longer of its kind.
func token(t []byte, s, e int, kind pseudonym.Type) bool {
	if s > 0 {
		switch r, n := utf8.DecodeLastRune(t[:s]); {
		case wordRune(r) && wordRune(first(t[s:])):
			// The letter of an escape that was left alone is no letter.
			if s < 2 || t[s-2] != '\\' || bytes.IndexByte([]byte("nrtbf"), t[s-1]) < 0 {
				return false
			}
		case s > n && extends(r, kind) && wordRune(last(t[:s-n])):
			return false
		}
	}
	if e < len(t) {
		switch r, n := utf8.DecodeRune(t[e:]); {
		case wordRune(r) && wordRune(last(t[:e])):
			return false
		case e+n < len(t) && r != '_' && r != '+' && extends(r, kind) && wordRune(first(t[e+n:])):
			return false
		}
	}
	return true
}

func first(t []byte) rune { r, _ := utf8.DecodeRune(t); return r }
func last(t []byte) rune  { r, _ := utf8.DecodeLastRune(t); return r }

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r))
}

// extends reports whether r between word and value makes one longer value of
// both.
func extends(r rune, kind pseudonym.Type) bool {
	switch kind {
	case pseudonym.Address:
		return r == '.' || r == '-' || r == '_' || r == '+'
	case pseudonym.IP:
		return r == '.'
	}
	return false
}

// rewrite looks into the text of e and appends what it becomes to d.arena. It
// returns false if nothing was found.
func (s *stage) rewrite(d *doc, e *entry) (bool, error) {
	raw := d.raw[e.start:e.end]
	src := raw
	if raw[0] == '"' {
		if src = raw[1 : len(raw)-1]; bytes.IndexByte(src, '\\') >= 0 {
			t, broken := s.textOf(raw)
			if broken {
				return false, errBroken
			}
			src = t
		}
	}
	w := &s.sweeper
	w.hits = w.hits[:0]
	s.looked += int64(len(src))
	w.flat.begin(src)
	if w.flat.has&hasWide != 0 && !utf8.Valid(src) {
		return false, errBroken
	}
	for more := true; more; more = w.flat.next() {
		if len(w.needles) > 0 {
			w.find(&w.flat)
		}
	}
	if len(w.hits) > 0 {
		s.swept[e.name] += int64(len(w.hits))
	}
	if e.scan {
		s.detect(src, e)
	}
	s.unpack(src, e)
	if len(w.hits) == 0 {
		return false, nil
	}
	s.result = w.replaced(s.result[:0], src)
	d.arena = record.AppendString(d.arena, s.result)
	return true, nil
}

// replaced appends src with its hits replaced. Of hits that overlap the first
// and longest counts, and all that any of them covers is gone.
func (w *sweeper) replaced(dst, src []byte) []byte {
	slices.SortFunc(w.hits, func(a, b hit) int { return cmp.Or(a.start-b.start, b.end-a.end) })
	copied := 0
	for _, h := range w.hits {
		if h.start >= copied {
			dst = append(dst, src[copied:h.start]...)
			dst = append(dst, h.put...)
		}
		copied = max(copied, h.end)
	}
	return append(dst, src[copied:]...)
}

var errBroken = errors.New("redact: a text that must be looked into is broken (an escape or its UTF-8)")
