package provider_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// The environment variables that name a real space. A real space needs all of them. The
// records to link have their own variables, see [recordID].
const (
	accServiceURL = "PIPELINER_ACC_SERVICE_URL"
	accSpaceID    = "PIPELINER_ACC_SPACE_ID"
	accUsername   = "PIPELINER_ACC_USERNAME"
	accPassword   = "PIPELINER_ACC_PASSWORD" //nolint:gosec // a name
	accPhoneID    = "PIPELINER_ACC_PHONE_ID"
	accContactID  = "PIPELINER_ACC_CONTACT_ID"
)

var accVariables = []string{accServiceURL, accSpaceID, accUsername, accPassword, accPhoneID}

// unset contains the variables of the records that the real space does not have, by the
// ids that replace them.
var unset = map[string]string{}

// recordVariables contains the variables that name records, with the ids in the mock.
var recordVariables = map[string]string{}

// recordID returns the id of a record: in a real space the one that the variable names,
// otherwise the mock's.
func recordID(variable, inMock string) string {
	recordVariables[variable] = inMock
	if !isReal() {
		return inMock
	}
	id, err := client.ParseID(os.Getenv(variable))
	if err != nil {
		unset[inMock] = variable
		return inMock
	}
	return id.String()
}

// isReal reports whether the environment names a real space.
func isReal() bool { return len(missingVariables()) == 0 }

func missingVariables() []string {
	return slices.DeleteFunc(slices.Clone(accVariables), func(name string) bool { return os.Getenv(name) != "" })
}

// TestMain runs the sweepers if -sweep is set, and otherwise the tests.
func TestMain(m *testing.M) {
	if missing := missingVariables(); len(missing) > 0 && len(missing) < len(accVariables) {
		fmt.Fprintf(os.Stderr, "a real space takes all of %s; missing: %s\n", strings.Join(accVariables, ", "), strings.Join(missing, ", "))
		os.Exit(1)
	}
	if variable, isUnset := unset[phone]; isUnset {
		fmt.Fprintf(os.Stderr, "%s is no id: %q\n", variable, os.Getenv(variable))
		os.Exit(1)
	}
	if isReal() { // for the provider, so that no configuration file contains them
		for to, from := range map[string]string{"PIPELINER_USERNAME": accUsername, "PIPELINER_PASSWORD": accPassword} {
			if err := os.Setenv(to, os.Getenv(from)); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
	hurryTerraform()
	resource.AddTestSweepers(conversations, &resource.Sweeper{Name: conversations, F: sweep})
	resource.TestMain(tidy{m})
}

// A tidy runs the tests and removes what they have built.
type tidy struct{ *testing.M }

// Run runs the tests.
func (r tidy) Run() int {
	code := r.M.Run()
	_ = removeBuilt() // leftovers are in the folder for temporary files
	return code
}

var removeBuilt = func() error { return nil }

// hurryTerraform turns off most of the garbage collection in the tests' Terraform
// processes: they live for a moment, and few of them need more than 100 MB.
func hurryTerraform() {
	for name, value := range map[string]string{"GOGC": "off", "GOMEMLIMIT": "512MiB", "GOMAXPROCS": "1"} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, value) // without it, the tests only take longer
		}
	}
}

// newRealSpace skips the test if the space does not have all of these records. What the
// test leaves behind is deleted.
func newRealSpace(t *testing.T, records []string) *space {
	t.Helper()
	if os.Getenv(resource.EnvTfAcc) == "" {
		t.Skipf("acceptance tests run where %s is set", resource.EnvTfAcc)
	}
	for _, record := range records {
		if variable, isUnset := unset[record]; isUnset {
			t.Skipf("%s names no record of the space", variable)
		}
	}
	c, err := realClient()
	if err != nil {
		t.Fatal(err)
	}
	r := &realSpace{t: t, client: c, numbers: map[string]string{}}
	t.Cleanup(r.clean)
	return &space{crm: r, real: r, t: t, url: os.Getenv(accServiceURL), spaceID: os.Getenv(accSpaceID)}
}

// realClient returns a client of the real space, for the test's own reads and edits.
func realClient() (*client.Client, error) {
	config := client.Defaults()
	config.ServiceURL, config.SpaceID = os.Getenv(accServiceURL), os.Getenv(accSpaceID)
	config.Username, config.Password = os.Getenv(accUsername), os.Getenv(accPassword)
	return client.New(config)
}
