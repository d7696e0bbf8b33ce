package state

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/logpipe/logpipe/pipeline/store"
)

// PutSeen stores the identities of a slice's records under the id of the
// intent that read them, for Done.Seen to name.
func (f *File) PutSeen(ctx context.Context, intent string, data []byte) error {
	if err := f.Check(ctx); err != nil {
		return err
	}
	return store.Put(ctx, f.s, seen+intent, data)
}

// GetSeen returns what PutSeen stored.
func (f *File) GetSeen(ctx context.Context, name string) ([]byte, error) {
	r, err := f.s.Open(ctx, seen+name)
	if err != nil {
		return nil, fmt.Errorf("read what was seen: %w", err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read what was seen, %s: %w", name, err)
	}
	return b, nil
}

// DropSeen deletes what PutSeen stored; if there is nothing that is no error.
func (f *File) DropSeen(ctx context.Context, name string) error {
	if err := f.s.Delete(ctx, seen+name); err != nil {
		return fmt.Errorf("drop what was seen: %w", err)
	}
	return nil
}

// SweepSeen deletes what no slice and no open intent names any more: left
// behind by crashes. Call it while no slice is being stored.
func (f *File) SweepSeen(ctx context.Context) error {
	named := map[string]bool{}
	f.View(func(st *State) {
		for id := range st.Intents {
			named[id] = true
		}
		for _, l := range st.Lanes {
			for _, d := range l.Done {
				named[d.Seen] = true
			}
		}
	})
	var gone []string
	for info, err := range f.s.List(ctx, seen, "") {
		if err != nil {
			return fmt.Errorf("list what was seen: %w", err)
		}
		if name := strings.TrimPrefix(info.Name, seen); !named[name] {
			gone = append(gone, name)
		}
	}
	for _, name := range gone {
		if err := f.DropSeen(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// unseen returns the objects with identities that ops will make superfluous:
// those of the revisions that a Finish replaces.
func (f *File) unseen(ops []Op) []string {
	var gone []string
	for _, op := range ops {
		o, ok := op.(Finish)
		if !ok {
			continue
		}
		in := f.st.Intents[o.Intent]
		for _, d := range f.st.Lanes[in.Lane].Over(o.Done.Name, o.Done.Start, o.Done.End) {
			stays := d.Start.Before(o.Done.Start) || d.End.After(o.Done.End)
			if d.Seen != "" && d.Seen != o.Done.Seen && !stays {
				gone = append(gone, d.Seen)
			}
		}
	}
	return gone
}
