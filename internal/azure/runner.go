package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// runner is a CI runner of GitHub Actions, which vouches for the workflow that
// it runs.
type runner struct {
	client   *http.Client
	getenv   func(string) string
	audience string
}

const exchangeAudience = "api://AzureADTokenExchange"

// assertion returns the runner's OIDC token. The address and the token to ask
// it with come from the runner's environment, so that host is trusted with that
// token and no other is.
func (r *runner) assertion(ctx context.Context) (string, error) {
	at, token := r.getenv("ACTIONS_ID_TOKEN_REQUEST_URL"), r.getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if at == "" || token == "" {
		return "", errors.New("the job has no OIDC token: give it `permissions: id-token: write`, and run it in GitHub Actions")
	}
	u, err := url.Parse(at)
	if err != nil || u.Host == "" {
		return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is no address")
	}
	q := u.Query()
	if q.Set("audience", exchangeAudience); r.audience != "" {
		q.Set("audience", r.audience)
	}
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is no address")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	client := &http.Client{Transport: Guard(Transport(), []string{u.Host})}
	if r.client != nil {
		client.Timeout = r.client.Timeout
	}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask the runner for its token: %w", Explain(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", fmt.Errorf("ask the runner for its token: %w", Explain(err))
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask the runner for its token: it answered %s", resp.Status)
	}
	var answer struct{ Value string }
	if json.Unmarshal(body, &answer) != nil || answer.Value == "" {
		return "", errors.New("ask the runner for its token: the answer has none")
	}
	return answer.Value, nil
}
