// Package paging reads one slice of one log from Microsoft Graph, page by page,
// and loses nothing on the way.
//
// # Words
//
//	request   one GET: a first page by its query, or a further one by its link
//	chain     a first page and all that its links lead to
//	range     the stretch of time that a chain is asked for; a slice is read in one or more
//	ground    where reading starts again when a chain breaks: nothing before it is missing
//	handed    what the caller has been given already of this slice
//
// # How a slice is read
//
// A query asks for a range in one filter, in ascending order where the service
// can sort. A page goes to the caller whole or not at all: it is parsed to the
// end of its body first, so a page that is cut, has an error glued on or turns
// out to be no JSON is a failed page, never the last one. Only a page without a
// link ends a chain; an empty page with a link does not.
//
// A chain breaks when its link is not known any more, or when a page fails too
// often. Reading then starts again at the ground with a new query: at the last
// time that was handed over if the service kept its order, else at the begin of
// the range. What was handed over is known by its bytes and not handed over
// again. After failures pages become smaller, then ranges shorter, never the
// slice. A chain that grows long is ended on purpose: the service forgets.
//
// Every record's time is compared with the slice. What lies outside is counted
// and left out: services compare less precisely than they write, and one that
// ignores a filter must not fill a slice with strangers.
//
// # Bounds
//
// A page is at most MaxPage bytes in memory; a longer one is asked for again
// with fewer records. A slice remembers 16 bytes of every record it handed over.
//
// jsontext (github.com/go-json-experiment/json) splits a page into its records
// as exact bytes and checks the grammar on the way, at more than a gigabyte a
// second; encoding/json needs ten times as long. xxh3 is the fastest hash that
// is long enough to know records by; it guards against repeats, not against
// people. The Graph SDK is not here, so that tests need not build it.
package paging

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// Request is one GET of a page.
type Request struct {
	Version string // v1.0 or beta
	Path    string // below the version, from the catalogue: /auditLogs/signIns
	ID      string // stands for {id} in Path
	Filter  string
	Order   string
	Top     int    // records on the page; 0: as the service likes
	Next    string // the whole address of a further page; Filter, Order and Top stand in it
}

// Fetcher sends a request. If the service answers with a page, read is called
// once with the body, and its error is returned as it is. Other answers are an
// *Answer; anything else is a connection that broke.
type Fetcher interface {
	Fetch(ctx context.Context, r Request, read func(body io.Reader) error) error
}

// Budget is asked before every request and told when there were too many.
type Budget interface {
	Wait(ctx context.Context) error
	Throttled(after time.Duration, scope string)
}

// Clock is the time, and waiting for it.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
}

// Meter counts what a source did. While something reads, Now tells.
type Meter struct {
	Requests, Pages, Records, Retries, Throttled, Restarts int64
}

// Now returns a copy of what was counted so far.
func (m *Meter) Now() Meter {
	return Meter{atomic.LoadInt64(&m.Requests), atomic.LoadInt64(&m.Pages), atomic.LoadInt64(&m.Records),
		atomic.LoadInt64(&m.Retries), atomic.LoadInt64(&m.Throttled), atomic.LoadInt64(&m.Restarts)}
}

// MaxPage is the longest page in bytes that is held in memory.
const MaxPage = 128 << 20
