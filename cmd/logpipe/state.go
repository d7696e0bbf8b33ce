package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store"
	"github.com/logpipe/logpipe/pipeline/store/dir"
)

func stateCommand() command {
	return command{
		name: "state", synopsis: "Look at the state and change it",
		doc: `The state remembers which slices of which source are stored in which sink.
These commands show it and, in the rare cases where that is needed, change
it. They read where the state lives from the pipeline files and nothing else.`,
	}
}

// stateFor evaluates where the state lives and returns its store.
func (p *program) stateFor(v values) (*dir.Store, bool) {
	files, diags := config.Load(p.dir, config.LoadOptions{Flags: v, Environ: p.env})
	c := &configuration{files: files}
	var setting config.StateSetting
	if !diags.HasErrors() {
		more := diags
		setting, more = config.DecodeState(files, kinds(), config.Options{Version: version})
		diags = append(diags, more...)
	}
	p.report(c, diags, nil)
	if diags.HasErrors() {
		return nil, false
	}
	s, err := p.stateStore(setting)
	if err != nil {
		p.fail(err)
		return nil, false
	}
	return s, true
}

func (p *program) stateStore(s config.StateSetting) (*dir.Store, error) {
	if s.Kind != "local" {
		return nil, fmt.Errorf("open state: its kind %q is not known; use local", s.Kind)
	}
	d, err := dir.Open(p.path(s.Path), dir.Options{Clock: p.clock})
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	return d, nil
}

// openState opens the state for a command that writes, under a lease.
func (p *program) openState(ctx context.Context, s store.Store, command string, wait time.Duration) (*state.File, error) {
	return state.Open(ctx, s, p.session(command, wait))
}

// session is how a command that writes opens the state.
func (p *program) session(command string, wait time.Duration) state.Options {
	return state.Options{
		Holder:      store.Holder{ID: random(8), Who: who(), Command: command, Since: p.clock().UTC()},
		LockTimeout: wait, Clock: p.clock, Lineage: func() string { return random(16) },
	}
}

// readState opens the state for a command that only looks.
func (p *program) readState(ctx context.Context, s store.Store) (*state.File, error) {
	return state.Open(ctx, s, state.Options{ReadOnly: true, Clock: p.clock})
}

// withState runs a command that changes the state.
func (p *program) withState(v values, command string, wait time.Duration, change func(context.Context, *state.File) error) code {
	s, ok := p.stateFor(v)
	if !ok {
		return failed
	}
	ctx := context.Background()
	f, err := p.openState(ctx, s, command, wait)
	if err == nil {
		err = errors.Join(change(ctx, f), f.Close(ctx))
	}
	if err != nil {
		return p.trouble(err, nil)
	}
	return done
}

// viewState runs a command that shows the state.
func (p *program) viewState(v values, show func(*state.State) code) code {
	s, ok := p.stateFor(v)
	if !ok {
		return failed
	}
	f, err := p.readState(context.Background(), s)
	if err != nil {
		return p.trouble(err, nil)
	}
	return show(f.State())
}

// codeOf returns the exit code for an error.
func codeOf(err error) code {
	if errors.Is(err, store.ErrHeld) || errors.Is(err, state.ErrLost) || errors.Is(err, manifest.ErrLost) {
		return leased
	}
	return failed
}

// advice is what to do about an error, where there is something to say that
// the error does not know because it is about this program's commands.
func advice(err error) string {
	var held *store.HeldError
	if !errors.As(err, &held) {
		return ""
	}
	h := held.Holder
	return fmt.Sprintf(`The state's lease is held by another run:

  Holder:   %s (logpipe %s)
  Since:    %s
  Until:    %s, unless it is renewed
  Lease ID: %s

Wait for it with -lock-timeout=5m. If that run is gone for good:
  logpipe force-unlock %[5]s`,
		escape.Terminal(h.Who), escape.Terminal(h.Command), instant(h.Since), instant(h.Expires), escape.Terminal(h.ID))
}

// who names the person or job for whoever has to wait.
func who() string {
	name := cmp.Or(os.Getenv("GITHUB_ACTOR"), os.Getenv("BUILD_REQUESTEDFOR"))
	if u, err := user.Current(); name == "" && err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s@%s, process %d", cmp.Or(name, "somebody"), host, os.Getpid())
}

// random returns n random bytes as hex.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the process if the system has no randomness
	return hex.EncodeToString(b)
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// lockTimeout declares the option that commands on the state share.
func lockTimeout(f *flags) *time.Duration {
	return f.Duration("lock-timeout", 0, "How `long` to wait for a state that another run has leased, as 30s or 5m.")
}
