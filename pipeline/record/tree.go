package record

// tree holds paths that rule what becomes of the values they name.
type tree struct {
	marks   mark
	members map[string]*tree // nil if no path goes through here
	each    *tree            // of the elements
}

type mark uint8

const (
	markKeep mark = 1 << iota
	markVolatile
	markSet
)

func (t *tree) add(p Path, m mark) {
	for _, st := range p.steps {
		if t.members == nil {
			t.members = map[string]*tree{}
		}
		next := t.members[st.Key]
		if next == nil {
			next = &tree{}
			t.members[st.Key] = next
		}
		t = next
		if st.Each {
			if t.each == nil {
				t.each = &tree{}
			}
			t = t.each
		}
	}
	t.marks |= m
}

// member returns the tree under a raw key, nil if no path goes there.
func (t *tree) member(key []byte) *tree {
	if t == nil || t.members == nil {
		return nil
	}
	if !hasEscape(key) {
		return t.members[string(key)]
	}
	var buf [64]byte
	k, err := appendUnescaped(buf[:0], key)
	if err != nil {
		return nil
	}
	return t.members[string(k)]
}

func (t *tree) has(m mark) bool { return t != nil && t.marks&m != 0 }
