//go:build unix

package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The binary continues to serve when it gets the signals that are meant for Terraform.
func TestBinaryOutlivesSignals(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "provider")
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	process := exec.CommandContext(t.Context(), binary)
	process.Env = append(os.Environ(), "PLUGIN_PROTOCOL_VERSIONS=6", // as Terraform starts it
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	handshake, err := bufio.NewReader(stdout).ReadString('\n')
	parts := strings.Split(strings.TrimSpace(handshake), "|") // core version, plugin version, network, address, protocol
	if err != nil || len(parts) < 5 {
		t.Fatalf("the handshake is %q: %v", handshake, err)
	}
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGTERM, os.Interrupt} {
		if err := process.Process.Signal(signal); err != nil {
			t.Fatalf("%s: %v", signal, err)
		}
		connection, err := (&net.Dialer{}).DialContext(t.Context(), parts[2], parts[3])
		if err != nil {
			t.Fatalf("behind %s: %v", signal, err)
		}
		// If it still writes after the signal, it is running.
		_, err = connection.Read(make([]byte, 1))
		_ = connection.Close()
		if err != nil {
			t.Fatalf("behind %s: %v", signal, err)
		}
	}
}
