// Package addr names what a pipeline is made of: blocks as they stand in a
// file (source.entra.sign_ins) and instances as they run (the same with the
// key that for_each gave it: source.entra.sign_ins["contoso"]).
//
// Addresses are values, compared with ==, sorted with Compare and written
// with String; nobody splits strings on dots later. Parse reads back exactly
// what String wrote, and the grammar is the one users type after -target.
//
// There is no module path yet because the language has no modules; it will
// stand in front of Class when it has.
package addr

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Class is what a block does for the pipeline.
type Class string

// The classes that have kinds; their blocks carry two labels.
const (
	Source    Class = "source"
	Transform Class = "transform"
	Sink      Class = "sink"
)

// Block names one block of the configuration: class, kind and label.
type Block struct {
	Class Class
	Kind  string
	Label string
}

func (b Block) String() string { return string(b.Class) + "." + b.Kind + "." + b.Label }

// Compare orders blocks by class, kind and label.
func (b Block) Compare(o Block) int {
	return cmp.Or(cmp.Compare(b.Class, o.Class), cmp.Compare(b.Kind, o.Kind), cmp.Compare(b.Label, o.Label))
}

// Instance names one running instance of a block. Key is "" and Keyed false
// for a block without for_each; a key may itself be the empty string.
type Instance struct {
	Block
	Key   string
	Keyed bool
}

// At returns the instance of b under key.
func (b Block) At(key string) Instance { return Instance{Block: b, Key: key, Keyed: true} }

// Only returns the single instance of a block without for_each.
func (b Block) Only() Instance { return Instance{Block: b} }

func (i Instance) String() string {
	if !i.Keyed {
		return i.Block.String()
	}
	return i.Block.String() + "[" + strconv.Quote(i.Key) + "]"
}

// Compare orders instances by block and then by key.
func (i Instance) Compare(o Instance) int {
	return cmp.Or(i.Block.Compare(o.Block), cmp.Compare(i.Key, o.Key))
}

// Parse reads an instance address as String writes it.
func Parse(s string) (Instance, error) {
	name, key, keyed := strings.Cut(s, "[")
	parts := strings.Split(name, ".")
	if len(parts) != 3 {
		return Instance{}, fmt.Errorf("address %q: want CLASS.KIND.LABEL, such as sink.local.archive", s)
	}
	for _, p := range parts {
		if !identifier(p) {
			return Instance{}, fmt.Errorf("address %q: %q is not a name", s, p)
		}
	}
	i := Instance{Block: Block{Class(parts[0]), parts[1], parts[2]}}
	if !keyed {
		return i, nil
	}
	quoted, ok := strings.CutSuffix(key, "]")
	if !ok {
		return Instance{}, fmt.Errorf("address %q: the key is not closed by ]", s)
	}
	k, err := strconv.Unquote(quoted)
	if err != nil {
		return Instance{}, fmt.Errorf("address %q: the key must be a quoted string", s)
	}
	i.Key, i.Keyed = k, true
	return i, nil
}

// MarshalText writes the address as String does, so that it is a JSON string
// and a JSON object key.
func (i Instance) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (i *Instance) UnmarshalText(b []byte) error {
	p, err := Parse(string(b))
	if err != nil {
		return err
	}
	*i = p
	return nil
}

func identifier(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && r != '_' && (i == 0 || !unicode.IsDigit(r) && r != '-') {
			return false
		}
	}
	return s != ""
}
