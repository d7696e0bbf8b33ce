package schema

import "fmt"

var classNames = [...]string{"none", "workload", "given", "quasi", "free_text", "online", "direct"}

const classLetters = "-WTQFOD"

// String returns the class as reports write it: none, workload, given, quasi,
// free_text, online or direct.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// Letter returns the class as tables write it: -, W, T, Q, F, O or D.
func (c Class) Letter() string {
	if int(c) < len(classLetters) {
		return classLetters[c : c+1]
	}
	return "?"
}

// ParseClass reads a letter that Letter writes.
func ParseClass(letter string) (Class, error) {
	for i := range len(classLetters) {
		if letter == classLetters[i:i+1] {
			return Class(i), nil
		}
	}
	return None, fmt.Errorf("class %q is none of %s", letter, classLetters)
}

var kindNames = [...]string{"any", "string", "bool", "int", "float", "time", "enum", "json", "object", "list"}

// String returns the kind in lower case: any, string, bool, int, float, time,
// enum, json, object or list.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Text reports whether a value of the kind is a JSON string.
func (k Kind) Text() bool { return k == String || k == Time || k == Enum || k == JSON }

// String returns the type as tables write it: the kind, and [kind] for a list.
func (t *Type) String() string {
	switch {
	case t == nil:
		return Any.String()
	case t.Kind == List:
		return "[" + t.Elem.String() + "]"
	default:
		return t.Kind.String()
	}
}

// Member returns the member of an object that is called name. It is false for
// what is no object and for members that an open object may hold besides.
func (t *Type) Member(name string) (Field, bool) {
	if i := t.index(name); i >= 0 {
		return t.Fields[i], true
	}
	return Field{}, false
}

func (t *Type) index(name string) int {
	if t == nil || t.Kind != Object {
		return -1
	}
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return i
		}
	}
	return -1
}
