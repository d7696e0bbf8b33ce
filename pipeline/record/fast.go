package record

import "encoding/binary"

// fastLimit is the longest record for the fast scan, whose index takes four
// bytes for each of the record's: longer ones go the careful way, which needs
// no memory and is half as fast.
const fastLimit = 1 << 20

// fast scans p[slack:slack+n] by the marks of its index. It finds the same
// fields as careful and accepts the same records, but does not say why it does
// not accept one; and it may decline a record that is whole.
//
// That it needs no look at the bytes inside strings rests on what index.build
// vouches for: a string that opens at i ends right before the first mark behind
// i. So each string is one step, and what else stands between two marks is a
// number, a literal, space or wrong.
func (f *finder) fast(p []byte, n int) bool {
	for n > 0 && isSpace(p[slack+n-1]) {
		n--
	}
	if n < 2 || p[slack] != '{' || p[slack+n-1] != '}' {
		return false // and so no loop below runs past the last byte
	}
	x := &f.index
	count, ok := x.build(p, n)
	if !ok || int(x.at[count-1]) != slack+n-1 {
		return false
	}
	var (
		at      = x.at[:count+1]
		k       = 1     // number of the next mark
		pos     = slack // where we are
		depth   = 1
		top     = &f.stack[1]
		node    = uint32(1) // of the open object
		array   = false     // what is open
		element = uint32(0) // target of its elements
		want    uint32
	)
	*top = level{node: 1, hit: -1}
open: // p[pos] is an opening bracket
	if next := int(at[k]); p[next]|0x20 == '}' && onlySpace(p, pos+1, next) {
		if (p[next] == ']') != array {
			return false
		}
		pos = next
		goto closing
	}
	if array {
		goto item
	}
member: // p[pos] is { or a comma
	{
		key := pos + 1
		if p[key] != '"' {
			if key, k = x.skip(p, key, k); p[key] != '"' {
				return false
			}
		}
		colon := int(at[k])
		if p[colon] != ':' {
			return false
		}
		want = 0
		if node != 0 {
			want = f.key2(p, node, key+1, colon-1)
		}
		pos = colon
		k++
		goto value
	}
item: // p[pos] is [ or a comma
	want = element
value: // p[pos] is :, [ or a comma
	pos++
again:
	switch p[pos] {
	case '"':
		end := int(at[k])
		if want != 0 {
			f.leaf(want, pos-slack, end-slack)
		}
		pos = end
		goto after
	case '{', '[':
		if depth == MaxDepth {
			return false
		}
		depth++
		top = &f.stack[depth]
		*top = f.open(p[pos], pos-slack, want)
		node, array, element = top.node, top.array, top.element
		k++
		goto open
	case ' ', '\t', '\n', '\r':
		pos, k = x.skip(p, pos, k)
		goto again
	default:
		end := plainEnd(p, pos)
		if end < 0 {
			return false
		}
		if want != 0 {
			f.leaf(want, pos-slack, end-slack)
		}
		pos, k = end, x.from(end, k)
	}
after: // pos is right behind a value
	if int(at[k]) == pos {
		switch p[pos] {
		case ',':
			k++
			if array {
				goto item
			}
			goto member
		case '}':
			if array {
				return false
			}
			goto closing
		case ']':
			if !array {
				return false
			}
			goto closing
		}
	}
	if !isSpace(p[pos]) {
		return false
	}
	pos, k = x.skip(p, pos, k)
	goto after
closing: // p[pos] is the closing bracket of top
	k++
	if top.hit >= 0 {
		f.close(top, pos+1-slack)
	}
	depth--
	if depth == 0 || k == count {
		return depth == 0 && k == count
	}
	top = &f.stack[depth]
	node, array, element = top.node, top.array, top.element
	pos++
	goto after
}

// key2 returns the target of the key p[from:to] in node n.
func (f *finder) key2(p []byte, n uint32, from, to int) uint32 {
	if f.index.escaped && f.index.mayEscape(from, to) {
		return f.s.lookup(n, p[from:to], &f.key)
	}
	word := binary.LittleEndian.Uint64(p[to-8:])
	if to-from < 8 {
		word >>= uint(64 - 8*(to-from))
	}
	return f.s.nodes[n].find(word, p[from:to])
}

func onlySpace(p []byte, i, end int) bool {
	for i < end && isSpace(p[i]) {
		i++
	}
	return i == end
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
