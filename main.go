// Command terraform-provider-pipeliner serves the provider to Terraform.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

// version is set by the release.
var version = "dev"

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run serves the provider until Terraform ends it, unless the flags say otherwise.
func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("terraform-provider-pipeliner", flag.ExitOnError)
	debug := flags.Bool("debug", false, "serve for a debugger, such as delve, to attach to")
	printVersion := flags.Bool("version", false, "print the version and exit")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *printVersion {
		_, err := fmt.Fprintln(stdout, version)
		return err
	}
	quietLogs()
	if !*debug {
		outliveSignals()
	}
	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	return tf6server.Serve("registry.terraform.io/terraform-provider-pipeliner/pipeliner",
		func() tfprotov6.ProviderServer { return provider.NewServer(version) }, options...)
}

// quietLogs turns off logs that Terraform would discard. By default, the SDK creates all of them, and that takes
// longer than all other work of the provider. The SDK's log of the protocol is on only at TRACE: it repeats each
// error and warning, which may quote phone numbers and contents.
func quietLogs() {
	level := askedLevel()
	setDefault("TF_LOG_PROVIDER_PIPELINER", level)
	if os.Getenv("TF_LOG_SDK") != "" {
		return
	}
	setDefault("TF_LOG_SDK_FRAMEWORK", level)
	if level != "TRACE" {
		level = "OFF"
	}
	setDefault("TF_LOG_SDK_PROTO", level)
}

// askedLevel returns the level at which Terraform shows the logs of a provider.
func askedLevel() string {
	level := strings.ToUpper(cmp.Or(os.Getenv("TF_LOG_PROVIDER"), os.Getenv("TF_LOG"), "OFF"))
	if !slices.Contains([]string{"DEBUG", "INFO", "WARN", "ERROR", "OFF"}, level) {
		return "TRACE" // also for JSON, and for levels that Terraform does not know
	}
	return level
}

// setDefault sets an environment variable if it is empty.
func setDefault(variable, value string) {
	if os.Getenv(variable) == "" {
		_ = os.Setenv(variable, value)
	}
}
