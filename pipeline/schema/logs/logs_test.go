package logs_test

import (
	"slices"
	"testing"

	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

func TestFilesAreRight(t *testing.T) {
	names := logs.Names()
	for _, name := range names {
		if err := logs.Check(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range logs.Files() {
		if !slices.Contains(names, name) {
			t.Errorf("data/%s.txt is about no log that Names gives", name)
		}
	}
}
