// Command terraform-provider-pipeliner serves the provider to Terraform.
package main

import (
	"context"
	"flag"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

// version is set by the release.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger, such as delve, to attach to")
	flag.Parse()
	quietFramework()
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address:         "registry.terraform.io/terraform-provider-pipeliner/pipeliner",
		Debug:           *debug,
		ProtocolVersion: 6,
	})
	if err != nil {
		log.Fatal(err)
	}
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
