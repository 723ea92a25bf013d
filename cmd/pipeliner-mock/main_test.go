package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const asCommand = "PIPELINER_MOCK_AS_COMMAND"

// TestMain lets the test binary run as the command, so that a test can send signals to it.
func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// buffer is a strings.Builder for several goroutines.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start runs the command in this process. It returns its URL, its standard error, and a function that stops it and
// returns the rest of its output and its error.
func start(t *testing.T, args ...string) (url string, stderr *buffer, stop func() (rest string, err error)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	reader, writer := io.Pipe()
	stderr = &buffer{}
	done := make(chan error, 1)
	go func() {
		err := run(ctx, args, writer, stderr)
		_ = writer.Close()
		done <- err
	}()
	stdout := bufio.NewReader(reader)
	url, err := stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("not ready: %v", <-done)
	}
	return strings.TrimSpace(url), stderr, func() (string, error) {
		cancel()
		rest, _ := io.ReadAll(stdout)
		return string(rest), <-done
	}
}

func get(t *testing.T, url, user, password string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(user, password)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "seed.json")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestRun(t *testing.T) {
	t.Parallel()
	seed := file(t, "\ufeff"+`{"Phones": [{"id": "00000000-0000-4000-8000-0000000000a1", "name": "Front desk"}]}`)
	url, stderr, stop := start(t, "--user", "me", "--password=secret", "--space", "my_space", "--seed", seed,
		"--time-format", "t", "--latency", "1ms")

	path := url + "/api/v100/rest/spaces/my_space/entities/Phones"
	status, body := get(t, path, "me", "secret")
	if status != http.StatusOK || !strings.Contains(body, `"Front desk"`) || !strings.Contains(body, `T`) {
		t.Errorf("answer is %d %s", status, body)
	}
	if status, _ = get(t, path, "me", "wrong"); status != http.StatusUnauthorized {
		t.Errorf("status with a wrong password is %d", status)
	}
	if _, body = get(t, url+"/_mock/requests?count", "", ""); body != `{"count":2}` {
		t.Errorf("log is %s", body)
	}

	rest, err := stop()
	if err != nil || rest != "" || stderr.String() != "" {
		t.Errorf("stopped with %v, after printing %q and %q", err, rest, stderr)
	}
}

func TestRun_moreThanOneSpace(t *testing.T) {
	t.Parallel()
	seed := file(t, `{"Phones": [{}]}`)
	url, _, _ := start(t, "--space", "a", "--space", "b", "--seed", seed, "--lag", "1h", "--max-batch-items", "1")
	for space, want := range map[string]string{"a": `"total":1`, "b": `"total":0`} {
		path := url + "/api/v100/rest/spaces/" + space + "/entities/Phones"
		if status, body := get(t, path, "user", "password"); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s answers %d %s", space, status, body)
		}
	}
	s, err := parseFlags([]string{"--lag", "3s", "--max-batch-items", "7"}, io.Discard)
	if err != nil || s.options.Lag != 3*time.Second || s.options.MaxBatchItems != 7 {
		t.Errorf("options are %+v, %v", s.options, err)
	}
}

// The doc comment of the command is where users find the kinds of faults.
func TestDoc_kinds(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range mockserver.Kinds {
		if !strings.Contains(string(source), string(kind)) {
			t.Errorf("the doc comment doesn't know %s", kind)
		}
	}
}

func TestRun_stopsWhileSomebodyWaits(t *testing.T) {
	t.Parallel()
	url, _, stop := start(t, "--latency", "1h")
	failed := make(chan error, 1)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v100/rest/spaces/test_space/entities/Phones", nil)
		if err == nil {
			_, err = http.DefaultClient.Do(r) //nolint:bodyclose // the request gets no answer
		}
		failed <- err
	}()
	for { // until the request is under way
		if _, body := get(t, url+"/_mock/requests?count", "", ""); body != `{"count":0}` {
			break
		}
		time.Sleep(time.Millisecond)
	}
	begin := time.Now()
	if _, err := stop(); err != nil {
		t.Error(err)
	}
	if <-failed == nil {
		t.Error("whoever waited has an answer")
	}
	if d := time.Since(begin); d > 4*time.Second {
		t.Errorf("stopping took %s", d)
	}
}

func TestRun_refused(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })

	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--nonsense"}, "flag provided but not defined: -nonsense (pipeliner-mock --help lists the flags)"},
		{[]string{"--latency", "long"}, `invalid value "long" for flag -latency: it is not a duration, such as 1.5s or 200ms`},
		{[]string{"--lag", "3"}, `invalid value "3" for flag -lag: it is not a duration, such as 1.5s or 200ms`},
		{[]string{"--max-batch-items", "x"}, `invalid value "x" for flag -max-batch-items: it is not a whole number`},
		{[]string{"extra"}, `unexpected argument "extra"`},
		{[]string{"--stale-revision", "x"}, `stale-revision must be one of ignored, refused, not "x"`},
		{[]string{"--space", "a/b"}, "a space id contains no slash, white space, %, ? or #"},
		{[]string{"--space", "a", "--space", "a"}, `the space "a" occurs twice`},
		{[]string{"--space", "a b"}, "a space id contains no slash, white space, %, ? or #"},
		{[]string{"--space", "."}, "a space id contains no slash"},
		{[]string{"--password", ""}, `invalid value "" for flag -password: it is empty`},
		{[]string{"--seed", ""}, `invalid value "" for flag -seed: it is empty`},
		{[]string{"--space", ""}, `invalid value "" for flag -space: the id is empty`},
		{[]string{"--user", ""}, "the user name is empty or contains a colon"},
		{[]string{"--user", "a:b"}, "the user name is empty or contains a colon"},
		{[]string{"--probe", ""}, `invalid value "" for flag -probe: the URL is empty`},
		{[]string{"--probe-phone", "x"}, "need --probe"},
		{[]string{"--max-batch-items", "-1"}, "latency, lag and max-batch-items must not be negative"},
		{[]string{"--latency", "-1s"}, "must not be negative"},
		{[]string{"--lag", "-1s"}, "must not be negative"},
		{[]string{"--lag", "long"}, `invalid value "long" for flag -lag`},
		{[]string{"--seed", "no/such/file"}, "open no/such/file: no such file or directory"},
		{[]string{"--seed", file(t, `{"Phones": 1}`)}, `a seed is a JSON object of arrays, such as {"Phones": [{"name": "Sales"}]}: there can't be a JSON number: line 1, column 12`},
		{[]string{"--seed", file(t, `[]`)}, `it can't be a JSON array`},
		{[]string{"--seed", file(t, `{"Phones": [1]}`)}, `there can't be a JSON number: line 1, column 13`},
		{[]string{"--seed", file(t, `{} x`)}, "it is not JSON: line 1, column 4"},
		{[]string{"--seed", file(t, "\xff\xfe{\x00")}, "it is UTF-16: convert it, for example with iconv -f UTF-16 -t UTF-8"},
		{[]string{"--seed", file(t, `{"Phones": [{"name": 1}]}`)}, "seed: Phones[0].name: Field 'name' must be a string"},
		{[]string{"--listen", taken.Addr().String()}, "address already in use"},
		{[]string{"--listen", "nonsense"}, `invalid value "nonsense" for flag -listen: it is not an address with a port, such as 127.0.0.1:8080`},
		{[]string{"--listen", "127.0.0.1:99999"}, "it is not an address with a port"},
	} {
		var stdout, stderr buffer
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // if it is not refused, it serves
		err := run(ctx, test.args, &stdout, &stderr)
		cancel()
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: error is %v, want %s", test.args, err, test.want)
		}
		if stdout.String() != "" || stderr.String() != "" {
			t.Errorf("%v: printed %q and %q", test.args, &stdout, &stderr)
		}
	}
}

func TestRun_warnsBeyondLoopback(t *testing.T) {
	t.Parallel()
	url, stderr, stop := start(t, "--listen", "0.0.0.0:0")
	if status, _ := get(t, url+"/_mock/requests", "", ""); status != http.StatusOK || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Errorf("URL is %s, status %d", url, status)
	}
	if _, err := stop(); err != nil {
		t.Error(err)
	}
	if got := stderr.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "other machines") {
		t.Errorf("warning is %q", got)
	}
}

func TestRun_helpAndVersion(t *testing.T) {
	t.Parallel()
	var stdout, stderr buffer
	if err := run(t.Context(), []string{"--help"}, &stdout, &stderr); err != nil {
		t.Error(err)
	}
	for _, sw := range mockserver.Switches {
		line := fmt.Sprintf("-%s %s", sw.Name, strings.Join(sw.Values, "|"))
		if help := stderr.String(); !strings.Contains(help, line) || !strings.Contains(help, sw.Doc) {
			t.Errorf("the help doesn't know %s", line)
		}
	}
	if err := run(t.Context(), []string{"--version"}, &stdout, &stderr); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff("dev\n", stdout.String()); diff != "" {
		t.Error(diff)
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	command := func(args ...string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), os.Args[0], args...) //nolint:gosec // itself
		c.Env = append(os.Environ(), asCommand+"=1")
		return c
	}

	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		c := command()
		pipe, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		stdout := bufio.NewReader(pipe)
		url, err := stdout.ReadString('\n')
		if err != nil || !strings.HasPrefix(url, "http://127.0.0.1:") {
			t.Errorf("first line is %q, %v", url, err)
		}
		if status, _ := get(t, strings.TrimSpace(url)+"/_mock/requests", "", ""); status != http.StatusOK {
			t.Errorf("status is %d", status)
		}
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(stdout)
		if err := c.Wait(); err != nil || len(rest) > 0 {
			t.Errorf("%v: ended with %v after %q", signal, err, rest)
		}
	}

	var stderr strings.Builder
	c := command("--nonsense")
	c.Stderr = &stderr
	if err := c.Run(); err == nil {
		t.Error("a bad flag ends with status 0")
	}
	want := "pipeliner-mock: flag provided but not defined: -nonsense (pipeliner-mock --help lists the flags)\n"
	if diff := cmp.Diff(want, stderr.String()); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
}
