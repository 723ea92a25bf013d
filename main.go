// Command terraform-provider-pipeliner serves the provider to Terraform.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
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
	quietFramework()
	quietProtocol()
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

// quietFramework turns the framework's own logs off when nobody has asked for
// logs. They are made at TRACE all the same, and take longer than everything
// else that the provider does.
func quietFramework() {
	const framework = "TF_LOG_SDK_FRAMEWORK"
	for _, variable := range []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK", framework} {
		if os.Getenv(variable) != "" {
			return
		}
	}
	_ = os.Setenv(framework, "off")
}

// quietProtocol turns the SDK's logs of the protocol off, unless someone has asked for
// them, or for everything. They repeat each error and warning, and those may quote phone
// numbers and contents, which belong in no log above TRACE.
func quietProtocol() {
	const protocol = "TF_LOG_SDK_PROTO"
	for _, variable := range []string{"TF_LOG", "TF_LOG_PROVIDER"} {
		if level := strings.ToUpper(os.Getenv(variable)); level == "TRACE" || level == "JSON" {
			return
		}
	}
	if os.Getenv("TF_LOG_SDK") == "" && os.Getenv(protocol) == "" {
		_ = os.Setenv(protocol, "off")
	}
}
