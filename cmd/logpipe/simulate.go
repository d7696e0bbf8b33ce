package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/internal/graphsim"
)

type simulateOptions struct {
	addr     string
	seed     uint64
	users    int
	start    string
	days     int
	throttle bool
	faults   list
}

func simulateCommand() command {
	return command{
		name: "simulate", synopsis: "Serve a simulated tenant on this machine", usage: "[options]",
		doc: `Serves the logs of an invented Entra tenant as Microsoft Graph would, on a
loopback port, until it is interrupted: for trying out other programs. A
pipeline needs no such server; it has a simulate block in its tenant.

It prints the address and a token. The same options give the same records.`,
		setup: func(p *program, f *flags) func([]string) code {
			var o simulateOptions
			f.StringVar(&o.addr, "addr", "127.0.0.1:0", "Listen on this loopback `address`; port 0 takes a free one.")
			f.Uint64Var(&o.seed, "seed", 7, "The `number` that all chance comes from.")
			f.IntVar(&o.users, "users", 500, "How many `people` the tenant has.")
			f.StringVar(&o.start, "start", "2026-11-01T00:00:00Z", "The `time` at which its logs begin.")
			f.IntVar(&o.days, "days", 7, "How many `days` its logs have.")
			f.BoolVar(&o.throttle, "throttle", false, "Refuse requests beyond the documented limits.")
			f.Var(&o.faults, "fault", "Serve a fault: `name=chance`, such as cut_body=0.05. May be given more than once.")
			return func(args []string) code {
				if err := exactly(0, args, "no arguments"); err != nil {
					return p.usage("simulate", err)
				}
				return p.simulate(o)
			}
		},
	}
}

func (p *program) simulate(o simulateOptions) code {
	t, err := o.tenant()
	if err != nil {
		return p.usage("simulate", err)
	}
	ctx, stop := interruptible(context.Background(), func(bool) {})
	defer stop.release()
	server, err := t.ServeAt(ctx, o.addr)
	if err != nil {
		return p.fail(fmt.Errorf("simulate: %w", err))
	}
	fmt.Fprintf(p.out, "Address: %s\nToken:   %s\n\n", server.URL, t.Token())
	fmt.Fprintf(p.out, "  curl -H \"Authorization: Bearer $TOKEN\" '%s/v1.0/auditLogs/signIns?$top=1'\n\nInterrupt to stop.\n", server.URL)
	<-ctx.Done()
	if err := server.Close(); err != nil {
		return p.fail(fmt.Errorf("simulate: %w", err))
	}
	counted := t.Counted()
	for _, name := range slices.Sorted(maps.Keys(counted)) {
		fmt.Fprintf(p.out, "%s %d\n", escape.Terminal(name), counted[name])
	}
	return done
}

// tenant makes what the options describe. The server has no secret worth
// having, and still only this machine may reach it.
func (o simulateOptions) tenant() (*graphsim.Tenant, error) {
	start, err := time.Parse(time.RFC3339, o.start)
	if err != nil {
		return nil, fmt.Errorf("-start=%q is not a time such as 2026-11-01T00:00:00Z", o.start)
	}
	host, _, err := net.SplitHostPort(o.addr)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("-addr=%q is not a loopback address with a port, such as 127.0.0.1:8080", o.addr)
	}
	if o.users < 1 || o.days < 1 {
		return nil, errors.New("-users and -days must be at least 1")
	}
	chances := map[string]float64{}
	for _, f := range o.faults {
		name, text, _ := strings.Cut(f, "=")
		chance, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("-fault=%q is not a name and a number, such as cut_body=0.05", f)
		}
		chances[name] = chance
	}
	faults, err := graphsim.ParseFaults(chances, start)
	if err != nil {
		return nil, err
	}
	return graphsim.New(graphsim.Options{Seed: o.seed, Users: o.users, Start: start, Days: o.days, Faults: faults,
		Rate: graphsim.Rate{Throttle: o.throttle}}), nil
}
