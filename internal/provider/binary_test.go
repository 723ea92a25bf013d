//go:build unix

package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A binary is the provider as Terraform runs it for users, in a folder for one
// configuration.
type binary struct {
	t         *testing.T
	terraform string
	dir       string
	env       []string
	signal    syscall.Signal // sent to interrupt it
}

// build builds the provider and the mock server once for all tests. It returns the
// folder, which [TestMain] removes.
var build = sync.OnceValues(func() (folder string, err error) {
	if folder, err = os.MkdirTemp("", "pipeliner"); err != nil {
		return "", err
	}
	removeBuilt = func() error { return os.RemoveAll(folder) }
	command := exec.Command("go", "build", "-o", folder+"/", "../..", "../../cmd/pipeliner-mock")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", command, err, output)
	}
	return folder, nil
})

// terraformPath returns the path of the Terraform that the tests run.
var terraformPath = sync.OnceValues(func() (path string, err error) {
	if path = os.Getenv("TF_ACC_TERRAFORM_PATH"); path == "" {
		path, err = exec.LookPath("terraform")
	}
	return path, err
})

// terraformVersion returns its version. It asks only once.
var terraformVersion = sync.OnceValues(func() (*version.Version, error) {
	path, err := terraformPath()
	if err != nil {
		return nil, err
	}
	output, err := exec.Command(path, "version", "-json").Output()
	if err != nil {
		return nil, err
	}
	var is struct {
		Version *version.Version `json:"terraform_version"`
	}
	err = json.Unmarshal(output, &is)
	return is.Version, err
})

// newBinary builds the provider. It skips the test if acceptance tests are skipped.
func newBinary(t *testing.T, configuration string) *binary {
	t.Helper()
	if os.Getenv(resource.EnvTfAcc) == "" {
		t.Skipf("needs a real Terraform: set %s=1", resource.EnvTfAcc)
	}
	skipInShort(t)
	terraform, err := terraformPath()
	must(t, err)
	built, err := build()
	must(t, err)
	b := &binary{t: t, terraform: terraform, dir: t.TempDir(), signal: syscall.SIGINT}
	b.write("settings.tfrc", fmt.Sprintf(`provider_installation {
  dev_overrides {
    "hashicorp/pipeliner"                    = %[1]q
    "terraform-provider-pipeliner/pipeliner" = %[1]q
  }
  direct {}
}
`, built))
	b.write("main.tf", configuration)
	b.env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE="+filepath.Join(b.dir, "settings.tfrc"))
	return b
}

func (b *binary) write(name, content string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// run runs Terraform until it ends. When interrupt is closed, it interrupts Terraform and
// its provider, as Ctrl-C or CI does.
func (b *binary) run(interrupt <-chan struct{}, arguments ...string) (output string, exitCode int) {
	b.t.Helper()
	out, err := os.CreateTemp(b.t.TempDir(), "output") // not a pipe, which a provider that outlives Terraform keeps open
	must(b.t, err)
	defer func() { _ = out.Close() }()
	command := exec.CommandContext(b.t.Context(), b.terraform, append(arguments, "-no-color")...)
	command.Dir, command.Env = b.dir, b.env
	command.Stdout, command.Stderr = out, out
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(b.t, command.Start())
	ended := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Go(func() {
		select {
		case <-interrupt:
			_ = syscall.Kill(-command.Process.Pid, b.signal) // it may have ended
		case <-ended:
		}
	})
	_ = command.Wait() // the exit code shows it
	close(ended)
	waiting.Wait()
	if command.ProcessState.ExitCode() < 0 { // a signal has ended Terraform, but not its provider
		b.t.Cleanup(func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
	}
	text, err := os.ReadFile(out.Name())
	must(b.t, err)
	return string(text), command.ProcessState.ExitCode()
}

// ids returns the ids of the conversations in the state.
func (b *binary) ids() map[string]bool {
	b.t.Helper()
	content, err := os.ReadFile(filepath.Join(b.dir, "terraform.tfstate"))
	if err != nil {
		b.t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Instances []struct {
				Status     string
				Attributes struct {
					ID            *string
					Conversations map[string]struct{ ID *string }
				}
			}
		}
	}
	if err := json.Unmarshal(content, &state); err != nil {
		b.t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			if instance.Status == "tainted" {
				b.t.Error("the resource is tainted")
			}
			if id := instance.Attributes.ID; id != nil {
				ids[*id] = true
			}
			for _, conversation := range instance.Attributes.Conversations {
				if conversation.ID != nil {
					ids[*conversation.ID] = true
				}
			}
		}
	}
	return ids
}

// Ctrl-C, or a canceled CI job, interrupts a long apply. The state contains everything that was sent, and the next
// apply creates the rest. Nothing is created twice.
func TestAccTextMessageConversations_interrupt(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			interruptApply(t, signal)
		})
	}
}

func interruptApply(t *testing.T, signal syscall.Signal) {
	t.Helper()
	w := newWorld(t, mockserver.Behavior{})
	const wanted = 60
	b := newBinary(t, w.bulk(numbered(wanted), "rollback_method = 1", "batch_size = 10", "max_concurrent_requests = 1"))
	b.signal = signal
	interrupt := make(chan struct{})
	w.Inject(mockserver.Fault{
		Path: "batch-modify", Skip: 2, Times: 1, Do: func() { close(interrupt) },
		Kind: mockserver.Latency, Latency: time.Second, // the interrupt comes before the reply
	})
	output, code := b.run(interrupt, "apply", "-auto-approve")
	made := len(w.live())
	if code == 0 && made == wanted || made == 0 || made == wanted {
		t.Errorf("the interrupted apply ended with %d and made %d of %d:\n%s", code, made, wanted, output)
	}
	b.wantOwned(w)
	if output, code := b.run(nil, "apply", "-auto-approve"); code != 0 {
		t.Errorf("the next apply ended with %d:\n%s", code, output)
	}
	if all := len(w.Records(conversations)); all != wanted {
		t.Errorf("%d conversations were made; want %d", all, wanted)
	}
	b.wantOwned(w)
	if output, code := b.run(nil, "plan", "-detailed-exitcode"); code != 0 {
		t.Errorf("something is left to do (%d):\n%s", code, output)
	}
}

// Someone closes the terminal of a long apply. Terraform ends at once, while a request is under way. Its provider
// outlives it, and reads back what the request has created. The next apply adopts that, and creates the rest.
func TestAccTextMessageConversations_hangup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	const wanted = 30
	configuration := func(more string) string {
		return w.bulk(numbered(wanted), "rollback_method = 1\n"+more, "batch_size = 10", "max_concurrent_requests = 1")
	}
	s := newBinary(t, "").scene(t, w)
	s.signal = syscall.SIGHUP
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // or else Terraform ignores the signal too if this process does, as under nohup
	defer signal.Stop(hangups)
	s.write("main.tf", configuration(""))
	interrupt, isOver, isReadBack := make(chan struct{}), make(chan struct{}), make(chan struct{})
	w.Inject(mockserver.Fault{Path: "batch-modify", Skip: 1, Times: 1, Do: func() {
		close(interrupt)
		<-isOver
		w.Inject(mockserver.Fault{Method: http.MethodGet, Path: conversations, Times: 1, Do: func() { close(isReadBack) }})
	}})
	output, code := s.run(interrupt, applies...)
	close(isOver)
	if code >= 0 {
		t.Fatalf("Terraform survives the signal, and ends with %d:\n%s", code, output)
	}
	select {
	case <-isReadBack:
	case <-time.After(time.Minute):
		t.Fatal("the provider has ended with Terraform")
	}
	s.plays(configuration("adopt_existing = true"), 0, applies, "Will Be Adopted", "Apply complete!")
	s.made(0, wanted, wanted)
	s.owns()
}

// wantOwned checks that the state has exactly the conversations of the server.
func (b *binary) wantOwned(w *world) {
	b.t.Helper()
	ids := b.ids()
	for _, record := range w.live() {
		id, _ := record["id"].(string)
		if !ids[id] {
			b.t.Errorf("the conversation %s is not in the state", id)
		}
		delete(ids, id)
	}
	if len(ids) > 0 {
		b.t.Errorf("the state has what the server has not: %v", ids)
	}
}

// The state after an apply has the planned values. It does not have what other users have changed at the same time,
// and a plan without a refresh does not overwrite that.
func TestAccTextMessageConversation_withoutRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	b := newBinary(t, w.conversation(""))
	succeed := func(arguments ...string) {
		t.Helper()
		if output, code := b.run(nil, arguments...); code != 0 {
			t.Fatalf("%v ended with %d:\n%s", arguments, code, output)
		}
	}
	succeed("apply", "-auto-approve")
	b.write("main.tf", strings.ReplaceAll(w.conversation(""), phone, otherPhone))
	succeed("plan", "-out=plan")
	w.someoneElse(w.id, map[string]any{"recipient_contact_id": bob})()
	succeed("apply", "plan")
	b.write("main.tf", strings.ReplaceAll(w.conversation(`recipient_contact_id = "`+ada+`"`), phone, otherPhone))
	output, code := b.run(nil, "apply", "-auto-approve", "-refresh=false")
	if code == 0 || !strings.Contains(output, "Conflicting Change of Text Message Conversation") {
		t.Errorf("the apply ended with %d:\n%s", code, output)
	}
	if contact := w.the()["recipient_contact_id"]; contact != bob {
		t.Errorf("the contact is %v; want what someone else made of it", contact)
	}
}

// A query finds conversations and writes a configuration that imports them. After that,
// the plan is empty.
func TestAccTextMessageConversation_queryWritesConfiguration(t *testing.T) {
	t.Parallel()
	skipOpenTofu(t, "it has no queries")
	w := newWorld(t, mockserver.Behavior{})
	b := newBinary(t, w.config(""))
	b.skipBelow(tfversion.Version1_14_0)
	w.addMany(3)
	w.add(map[string]any{"phone_id": phone, "account_relations": []any{map[string]any{"account_id": acme}}})
	w.ResetRequests()
	b.write("all.tfquery.hcl", listBlock(""))
	for _, arguments := range [][]string{{"query", "-generate-config-out=all.tf"}, {"apply", "-auto-approve"}, {"plan", "-detailed-exitcode"}} {
		output, code := b.run(nil, arguments...)
		if code != 0 || arguments[0] == "apply" && !strings.Contains(output, "4 imported, 0 added, 0 changed, 0 destroyed") {
			t.Fatalf("%v ended with %d:\n%s", arguments, code, output)
		}
	}
	for _, request := range w.Requests() {
		if request.Method != http.MethodGet {
			t.Errorf("there is a %s of %s", request.Method, request.Path)
		}
	}
}

// skipBelow skips the test if Terraform is older.
func (b *binary) skipBelow(least *version.Version) {
	b.t.Helper()
	is, err := terraformVersion()
	must(b.t, err)
	if is.LessThan(least) {
		b.t.Skipf("needs Terraform %s; this is %s", least, is)
	}
}
