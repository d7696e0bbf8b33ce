package record

import "encoding/binary"

// fastLimit is the longest record for the fast scan, whose index takes four
// bytes for each of the record's: longer ones go the careful way, which needs
// no memory and is half as fast.
const fastLimit = 1 << 20

// fast scans p[slack:slack+n] by the marks of its index. It finds the same
// fields as careful and accepts the same records, but does not say why it does
// not accept one; and it may decline a record that is whole.
func (f *finder) fast(p []byte, n int) bool {
	for n > 0 && isSpace(p[slack+n-1]) {
		n--
	}
	if n < 2 || p[slack] != '{' || p[slack+n-1] != '}' {
		return false
	}
	x := &f.index
	count, ok := x.build(p, n)
	if !ok || int(x.at[count-1]) != slack+n-1 {
		return false
	}
	return f.walk(p, x.at, count-1)
}

// walk goes from mark to mark. at[0] is the brace that opens the record and
// at[last] the one that should close it.
//
// That it needs no look at the bytes inside strings rests on what index.build
// vouches for: a string that opens at i ends right before the first mark behind
// i. So each string is one step, and what else stands between two marks is a
// number, a literal, space or wrong. No step leads past at[last]: only a closing
// bracket may stand there, and only closing looks beyond one.
//
// What is open is read from the stack each time, and all but the loop's own
// few variables are kept out of it: the loop must fit into the registers.
func (f *finder) walk(p []byte, at []uint32, last int) bool {
	var (
		k     = 0 // number of the mark that we stand on or have just passed
		v     int // place of a value
		want  uint32
		depth = 1
		top   = &f.stack[1]
	)
	*top = level{node: 1, hit: -1}
open: // at[k] is the bracket that opened top
	if next := int(at[k+1]); p[next]|0x20 == '}' && onlySpace(p, int(at[k])+1, next) {
		k++
		goto closing
	}
	if top.array {
		goto item
	}
member: // at[k] is { or a comma
	if top.node == 0 {
		k = plainMembers(p, at, k)
	}
	v = int(at[k]) + 1
	if p[v] != '"' {
		if v, k = skipMarks(p, at, v, k); p[v] != '"' {
			return false
		}
	}
	k++
	if p[at[k]] != ':' {
		return false
	}
	want = 0
	if top.node != 0 {
		n := int(at[k]) - v - 2
		if f.s.nodes[top.node].lengths>>(n&63)&1 != 0 || f.index.escaped && f.index.mayEscape(v+1, int(at[k])-1) {
			want = f.wanted(p, top.node, v+1, int(at[k])-1)
		}
	}
	v = int(at[k]) + 1
	goto value
item: // at[k] is [ or a comma
	want = top.element
	v = int(at[k]) + 1
value: // v is behind at[k] and before at[k+1] or on it
	if p[v] == '"' {
		k++
		if want != 0 {
			f.leaf(want, v-slack, int(at[k])-slack)
		}
		goto after
	}
	if c := p[v]; c == '{' || c == '[' {
		if depth == MaxDepth {
			return false
		}
		depth++
		k++
		top = &f.stack[depth]
		if want == 0 {
			*top = level{hit: -1, array: c == '['}
		} else {
			*top = f.open(c, v-slack, want)
		}
		goto open
	}
	if isSpace(p[v]) {
		v, k = skipMarks(p, at, v, k)
		goto value
	}
	if k = f.plainValue(p, at, v, k, want); k < 0 {
		return false
	}
after: // at[k] is the first mark behind a value, with nothing but space between
	switch c := p[at[k]]; {
	case c == ',' && top.array:
		goto item
	case c == ',':
		goto member
	case c == '}' || c == ']':
		goto closing
	case c == '\n' || c == '\r':
		k++
		if !onlySpace(p, int(at[k-1])+1, int(at[k])) {
			return false
		}
		goto after
	}
	return false
closing: // at[k] is a closing bracket
	if (p[at[k]] == ']') != top.array {
		return false
	}
	if top.hit >= 0 {
		f.close(top, int(at[k])+1-slack)
	}
	depth--
	if depth == 0 || k == last {
		return depth == 0 && k == last
	}
	top = &f.stack[depth]
	k++
	if !onlySpace(p, int(at[k-1])+1, int(at[k])) {
		return false
	}
	goto after
}

// plainMembers passes over members with a string or an array of strings for
// their value, as far as a comma follows: the bulk of what nobody asks for, done
// here with less ado. at[k] is the mark before the first and becomes the one
// before the next that is something else.
func plainMembers(p []byte, at []uint32, k int) int {
	for {
		m := (*[3]uint32)(at[k:])
		if p[m[0]+1] != '"' || p[m[1]] != ':' {
			return k
		}
		next := k + 2
		switch p[m[1]+1] {
		case '"':
		case '[':
			if p[at[next]+1] == ']' {
				next++
			} else {
				for p[at[next]+1] == '"' {
					if next++; p[at[next]] != ',' {
						break
					}
				}
			}
			if p[at[next]] != ']' || at[next+1] != at[next]+1 {
				return k
			}
			next++
		default:
			return k
		}
		if p[at[next]] != ',' {
			return k
		}
		k = next
	}
}

// skipMarks returns the first byte from i on that is no space, and the number
// of the last mark before it.
func skipMarks(p []byte, at []uint32, i, k int) (int, int) {
	for isSpace(p[i]) {
		i++
	}
	for int(at[k+1]) < i {
		k++
	}
	return i, k
}

func onlySpace(p []byte, i, end int) bool {
	for i < end && isSpace(p[i]) {
		i++
	}
	return i >= end
}

// wanted returns the target of the key p[from:to] in node n.
func (f *finder) wanted(p []byte, n uint32, from, to int) uint32 {
	if f.index.escaped && f.index.mayEscape(from, to) {
		return f.s.lookup(n, p[from:to], &f.key)
	}
	word := binary.LittleEndian.Uint64(p[to-8:])
	if to-from < 8 {
		word >>= uint(64 - 8*(to-from))
	}
	return f.s.nodes[n].find(word, p[from:to])
}

// plainValue passes over the number or literal at p[v], behind mark k, and
// returns the number of the first mark behind it; -1 if there is no such value or
// something else before that mark.
func (f *finder) plainValue(p []byte, at []uint32, v, k int, want uint32) int {
	end := plainEnd(p, v)
	if end < 0 {
		return -1
	}
	if want != 0 {
		f.leaf(want, v-slack, end-slack)
	}
	for k++; int(at[k]) < end; k++ { // l, n, -, + and . are marks, too
	}
	if !onlySpace(p, end, int(at[k])) {
		return -1
	}
	return k
}

// plainEnd returns the end of the number or literal at p[i], -1 if there is
// none. What follows it is for the caller to judge.
func plainEnd(p []byte, i int) int {
	b := (*[5]byte)(p[i:])
	switch b[0] {
	case 't':
		if string(b[:4]) == "true" {
			return i + 4
		}
	case 'f':
		if string(b[:]) == "false" {
			return i + 5
		}
	case 'n':
		if string(b[:4]) == "null" {
			return i + 4
		}
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if end, ok := numberEnd(p, i); ok {
			return end
		}
	}
	return -1
}
