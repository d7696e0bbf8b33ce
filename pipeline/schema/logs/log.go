package logs

import (
	"fmt"
	"strconv"
	"strings"
)

// Log is what is known of a log besides its fields. What the documentation
// does not say is zero. The JSON names are part of the command line's
// contract.
type Log struct {
	Name  string   `json:"name"`
	Doc   string   `json:"doc"`
	Notes []string `json:"notes,omitempty"` // what surprises people

	Version  string `json:"api_version,omitempty"` // v1.0 or beta; "" if Graph does not serve the log
	Path     string `json:"api_path,omitempty"`    // below the version; {id} is a user's id, {period} a number of days
	Page     int    `json:"page,omitempty"`        // records on a page unless asked for otherwise
	MaxPage  int    `json:"max_page,omitempty"`
	Snapshot bool   `json:"snapshot"`         // tells how things are now, not what happened in a window
	Budget   string `json:"budget,omitempty"` // requests are counted against reports or identity_protection

	Filter    string   `json:"filter,omitempty"` // the field that a window is asked for with
	Operators []string `json:"operators,omitempty"`
	Order     string   `json:"order,omitempty"` // the field that the service sorts by, either way
	ID        string   `json:"id,omitempty"`
	Time      string   `json:"time,omitempty"`
	NoTime    string   `json:"no_time,omitempty"` // why there is no time

	Application []string `json:"application_permissions,omitempty"` // least; all of them
	Delegated   []string `json:"delegated_permissions,omitempty"`
	Helpful     []string `json:"helpful_permissions,omitempty"` // without them something is missing silently, or fails now and then
	Roles       []string `json:"roles,omitempty"`               // any one of them, where a user signs in
	Licence     string   `json:"licence,omitempty"`
	Kept        string   `json:"kept,omitempty"` // by Entra
	Clouds      []Cloud  `json:"clouds"`

	Streams    []string   `json:"-"`                  // names of Parts
	Parts      []Stream   `json:"streams,omitempty"`  // the ordered kinds of record inside the log
	Category   string     `json:"category,omitempty"` // the first of Categories
	Table      string     `json:"table,omitempty"`    // its table
	Categories []Category `json:"categories,omitempty"`
}

// Stream is one ordered kind of record inside a log.
type Stream struct {
	Name     string `json:"name"`
	Event    string `json:"event"` // its member of signInEventTypes
	Category string `json:"category"`
	Table    string `json:"table"`
}

// Category is a category of diagnostic settings and the Log Analytics table
// that it fills, "" if none is known.
type Category struct {
	Name  string `json:"name"`
	Table string `json:"table,omitempty"`
}

func (c Category) is(name string) bool { return strings.EqualFold(c.Name, name) }

// Cloud says whether a cloud serves the log: yes, no, or unknown, which takes
// a request to find out.
type Cloud struct {
	Name   string `json:"name"` // global, usgov, usgov_dod or china
	Served string `json:"served"`
}

// Stream returns the stream of that name.
func (l Log) Stream(name string) (Stream, bool) {
	for _, s := range l.Parts {
		if s.Name == name {
			return s, true
		}
	}
	return Stream{}, false
}

// Cloud returns whether the cloud of that name serves the log; unknown for
// clouds that the catalogue has not heard of.
func (l Log) Cloud(name string) string {
	for _, c := range l.Clouds {
		if c.Name == name {
			return c.Served
		}
	}
	return "unknown"
}

// set takes one key of the log's file. It is false for keys that are no
// business of it.
func (l *Log) set(e entry) (bool, error) {
	words := strings.Fields(e.value)
	switch e.key {
	case "log":
		l.Name = e.value
	case "doc":
		l.Doc = e.value
	case "note":
		l.Notes = append(l.Notes, e.value)
	case "snapshot":
		l.Snapshot = true
	case "budget":
		l.Budget = e.value
	case "id":
		l.ID = e.value
	case "application":
		l.Application = words
	case "delegated":
		l.Delegated = words
	case "helpful":
		l.Helpful = words
	case "roles":
		l.Roles = strings.Split(e.value, ", ")
	case "licence":
		l.Licence = e.value
	case "kept":
		l.Kept = e.value
	case "order":
		l.Order = e.value
	case "filter":
		l.Filter, l.Operators = e.value, nil
		if len(words) > 1 {
			l.Filter, l.Operators = words[0], words[1:]
		}
	case "time":
		l.Time = e.value
		if why, ok := strings.CutPrefix(e.value, "- "); ok {
			l.Time, l.NoTime = "", why
		}
	case "api", "page", "clouds", "stream", "category":
		return true, l.setWords(e.key, words)
	default:
		return false, nil
	}
	return true, nil
}

// setWords takes a key whose value is several words.
func (l *Log) setWords(key string, words []string) error {
	switch {
	case key == "clouds":
		for _, w := range words {
			name, served, ok := strings.Cut(w, "=")
			if !ok || served != "yes" && served != "no" && served != "unknown" {
				return fmt.Errorf("cloud %q: want name=yes, no or unknown", w)
			}
			l.Clouds = append(l.Clouds, Cloud{name, served})
		}
	case key == "api" && len(words) == 2:
		l.Version, l.Path = words[0], words[1]
	case key == "page" && len(words) == 2:
		var err, err2 error
		l.Page, err = number(words[0])
		l.MaxPage, err2 = number(words[1])
		if err != nil || err2 != nil {
			return fmt.Errorf("page %q: want two numbers or -", words)
		}
	case key == "stream" && len(words) == 4:
		s := Stream{words[0], words[1], words[2], words[3]}
		l.Streams, l.Parts = append(l.Streams, s.Name), append(l.Parts, s)
		l.addCategory(s.Category, s.Table)
	case key == "category" && len(words) == 2:
		l.addCategory(words[0], words[1])
	default:
		return fmt.Errorf("%s: %d words do not fit", key, len(words))
	}
	return nil
}

func (l *Log) addCategory(name, table string) {
	if table == "-" {
		table = ""
	}
	if l.Category == "" {
		l.Category, l.Table = name, table
	}
	l.Categories = append(l.Categories, Category{name, table})
}

func number(word string) (int, error) {
	if word == "-" {
		return 0, nil
	}
	return strconv.Atoi(word)
}
