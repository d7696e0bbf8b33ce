package entra

import (
	"context"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/internal/graphsim"
)

// serve starts the simulated tenant on loopback. It is served as long as the
// process lives: all sources of the tenant use it.
func (s *Source) serve(ctx context.Context) (azure.Served, error) {
	sim := s.tenant.Simulate
	faults, err := graphsim.ParseFaults(sim.Faults, sim.Start)
	if err != nil {
		return azure.Served{}, err
	}
	t := graphsim.New(graphsim.Options{Seed: sim.Seed, Users: sim.Users, Start: sim.Start, Days: sim.Days, Faults: faults})
	server, err := t.Serve(context.WithoutCancel(ctx))
	if err != nil {
		return azure.Served{}, err
	}
	return azure.Served{URL: server.URL, Token: t.Token}, nil
}
