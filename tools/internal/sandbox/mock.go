package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The space and the credentials of the mock server.
const (
	Space    = "sandbox"
	Username = "terraform"
	Password = "not-a-secret" // of a mock server that only this machine can reach
)

// Mock is a running mock server.
type Mock struct {
	// URL is the service URL, which the server printed.
	URL string

	stop  context.CancelFunc
	ended chan struct{}
	err   error // set when ended is closed: why the server ended, nil if Stop ended it
}

// StartMock starts a mock server with the records of a seed file. The server runs until Stop, even if ctx ends, because
// Terraform may still need it.
func (s *Sandbox) StartMock(ctx context.Context, seed string, latency time.Duration) (*Mock, error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	cmd := exec.CommandContext(ctx, filepath.Join(s.Bin(), mockCommand),
		"--user", Username, "--password", Password, "--space", Space, "--seed", seed, "--latency", latency.String())
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	detach(cmd)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		return nil, err
	}
	line, noLine := bufio.NewReader(stdout).ReadString('\n')
	m := &Mock{URL: strings.TrimSpace(line), stop: stop, ended: make(chan struct{})}
	s.mocks = append(s.mocks, m)
	go func() {
		defer close(m.ended)
		_ = cmd.Wait() // it also returns an error for the interrupt, so only the process state counts
		if ctx.Err() == nil || !cmd.ProcessState.Success() {
			m.err = fmt.Errorf("%s ended with %s\n%s", mockCommand, cmd.ProcessState, &stderr)
		}
	}()
	if noLine != nil {
		return nil, errors.Join(fmt.Errorf("%s did not print its URL: %w", mockCommand, noLine), m.Stop())
	}
	return m, nil
}

// Stop interrupts the server and waits for its end. It returns an error if the server ended earlier or failed.
func (m *Mock) Stop() error {
	m.stop()
	<-m.ended
	return m.err
}

// settings are the environment variables that tell the provider to use this server.
func (m *Mock) settings() map[string]string {
	return map[string]string{
		"PIPELINER_SERVICE_URL": m.URL,
		"PIPELINER_SPACE_ID":    Space,
		"PIPELINER_USERNAME":    Username,
		"PIPELINER_PASSWORD":    Password,
	}
}

// Endpoint returns the URL of a path of the API, such as "Accounts".
func (m *Mock) Endpoint(path string) string {
	return m.URL + "/api/v100/rest/spaces/" + Space + "/entities/" + path
}

// Call sends a request as another user of the CRM would: it sends in as JSON, unless it is nil, and decodes the reply's
// data into out. For a list, it returns the total.
func (m *Mock) Call(ctx context.Context, method, path string, in, out any) (total int, err error) {
	var reply struct {
		Total int `json:"total"`
		Data  any `json:"data"`
	}
	reply.Data = out
	err = m.send(ctx, method, m.Endpoint(path), in, &reply)
	return reply.Total, err
}

// Requests returns the requests to the API since the log was last emptied.
func (m *Mock) Requests(ctx context.Context) (Requests, error) {
	var log Requests
	err := m.send(ctx, http.MethodGet, m.URL+"/_mock/requests", nil, &log)
	return log, err
}

// ResetRequests empties the log.
func (m *Mock) ResetRequests(ctx context.Context) error {
	return m.send(ctx, http.MethodDelete, m.URL+"/_mock/requests", nil, nil)
}

func (m *Mock) send(ctx context.Context, method, url string, in, out any) error {
	var body io.Reader
	if in != nil {
		content, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(content)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return err
	}
	req.SetBasicAuth(Username, Password)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode >= http.StatusBadRequest:
		return fmt.Errorf("%s %s: %s\n%s", method, url, resp.Status, content)
	case out == nil:
		return nil
	}
	return json.Unmarshal(content, out)
}
