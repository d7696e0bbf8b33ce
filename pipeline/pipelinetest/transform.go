package pipelinetest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
)

// Transform checks a transform. open gives one and the layout that it was
// decoded with; records are whole JSON objects of which it changes or drops at
// least one.
func Transform(t *testing.T, open func(t *testing.T) (pipeline.Transform, *record.Layout), records []string) {
	for name, check := range map[string]func(*testing.T, *bench){
		"same in any batches":         sameInAnyBatches,
		"stages side by side":         stagesSideBySide,
		"dead records stay dead":      deadStayDead,
		"branches do not see it":      branchesDoNotSee,
		"what leaves is whole":        leavesWhole,
		"cancelled":                   transformIsCancelled,
		"nothing is done to no batch": emptyBatch,
	} {
		t.Run(name, func(t *testing.T) {
			tr, layout := open(t)
			if tr.Schema() == nil {
				t.Fatal("a transform must say what leaves it")
			}
			check(t, &bench{tr: tr, scanner: layout.Compile(), records: records})
		})
	}
}

type bench struct {
	tr      pipeline.Transform
	scanner *record.Scanner
	records []string
}

// batch returns the records in one scanned batch.
func (b *bench) batch(records ...string) *record.Batch {
	bt := record.NewBatch(b.scanner)
	bt.Reset("records")
	for i, r := range records {
		bt.Append([]byte(r), int64(i))
	}
	bt.Scan()
	return bt
}

// fates says what became of every record.
func fates(b *record.Batch) []string {
	why := map[int]string{}
	for _, r := range b.Rejects() {
		why[r.Index] = "rejected: " + r.Err.Error()
	}
	out := make([]string, b.Len())
	for i := range out {
		switch text, rejected := why[i]; {
		case b.Live(i):
			out[i] = string(b.Bytes(i))
		case rejected:
			out[i] = text
		default:
			out[i] = "dropped"
		}
	}
	return out
}

func (b *bench) apply(t testing.TB, st pipeline.Stage, bt *record.Batch) []string {
	t.Helper()
	n := bt.Len()
	if err := st.Apply(t.Context(), bt); err != nil {
		t.Errorf("apply: %v", err)
	}
	if bt.Len() != n {
		t.Errorf("a batch of %d records has %d afterwards", n, bt.Len())
	}
	return fates(bt)
}

func sameInAnyBatches(t *testing.T, b *bench) {
	st := b.tr.Open(pipeline.Slice{Name: "s"})
	defer st.Close()
	want := b.apply(t, st, b.batch(b.records...))
	same := true
	for i, r := range b.records {
		got := b.apply(t, st, b.batch(r))
		if diff := gocmp.Diff(want[i:i+1], got); diff != "" {
			t.Errorf("record %d alone differs (-in a batch +alone):\n%s", i, diff)
		}
		same = same && got[0] == r
	}
	if same {
		t.Error("no record is changed, dropped or rejected: there is little to check")
	}
}

func stagesSideBySide(t *testing.T, b *bench) {
	st := b.tr.Open(pipeline.Slice{Name: "s"})
	want := b.apply(t, st, b.batch(b.records...))
	st.Close()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			st := b.tr.Open(pipeline.Slice{Name: "s"})
			defer st.Close()
			for range 20 {
				if diff := gocmp.Diff(want, b.apply(t, st, b.batch(b.records...))); diff != "" {
					t.Errorf("a stage beside others differs (-alone +beside):\n%s", diff)
				}
			}
		})
	}
	wg.Wait()
}

func deadStayDead(t *testing.T, b *bench) {
	st := b.tr.Open(pipeline.Slice{Name: "s"})
	defer st.Close()
	bt := b.batch(append([]string{`{"cut":`}, b.records...)...)
	for i := range b.records {
		if i%2 == 0 {
			bt.Drop(i + 1)
		} else {
			bt.Reject(i+1, errors.New("before"))
		}
	}
	want := fates(bt)
	if diff := gocmp.Diff(want, b.apply(t, st, bt)); diff != "" {
		t.Errorf("records that were dropped or rejected before have changed:\n%s", diff)
	}
}

func branchesDoNotSee(t *testing.T, b *bench) {
	st := b.tr.Open(pipeline.Slice{Name: "s"})
	defer st.Close()
	bt := b.batch(b.records...)
	want := fates(bt)
	branch := record.NewBatch(b.scanner)
	bt.Share(branch)
	b.apply(t, st, branch)
	if diff := gocmp.Diff(want, fates(bt)); diff != "" {
		t.Errorf("the other branch has changed:\n%s", diff)
	}
}

func leavesWhole(t *testing.T, b *bench) {
	st := b.tr.Open(pipeline.Slice{Name: "s"})
	defer st.Close()
	bt := b.batch(b.records...)
	b.apply(t, st, bt)
	for i := range bt.Len() {
		if text := string(bt.Bytes(i)); bt.Live(i) && (!json.Valid([]byte(text)) || !strings.HasPrefix(strings.TrimSpace(text), "{") || strings.Contains(text, "\n")) {
			t.Errorf("record %d leaves as %q, which is no JSON object on one line", i, text)
		}
	}
	// A whole record leaves whole when it is read again, too.
	for i := range bt.Len() {
		if bt.Live(i) {
			again := b.batch(string(bt.Bytes(i)))
			if !again.Live(0) {
				t.Errorf("record %d is rejected when it is read again: %v", i, again.Rejects()[0].Err)
			}
		}
	}
}

func transformIsCancelled(t *testing.T, b *bench) {
	st := b.tr.Open(pipeline.Slice{Name: "s"})
	defer st.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := st.Apply(ctx, b.batch(b.records...)); !errors.Is(err, context.Canceled) {
		t.Errorf("apply after the context was cancelled: %v", err)
	}
}

func emptyBatch(t *testing.T, b *bench) {
	st := b.tr.Open(pipeline.Slice{Name: "s"})
	defer st.Close()
	if got := b.apply(t, st, b.batch()); len(got) != 0 {
		t.Errorf("an empty batch holds %v", got)
	}
}
