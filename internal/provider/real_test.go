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

// The environment variables that name a real space, all of which it takes. The
// records to link have variables of their own; see [recordID].
const (
	accServiceURL = "PIPELINER_ACC_SERVICE_URL"
	accSpaceID    = "PIPELINER_ACC_SPACE_ID"
	accUsername   = "PIPELINER_ACC_USERNAME"
	accPassword   = "PIPELINER_ACC_PASSWORD" //nolint:gosec // a name
	accPhoneID    = "PIPELINER_ACC_PHONE_ID"
	accContactID  = "PIPELINER_ACC_CONTACT_ID"
)

var accVariables = []string{accServiceURL, accSpaceID, accUsername, accPassword, accPhoneID}

// unset are the records that the real space has none for: the variables by the
// ids that stand in for them.
var unset = map[string]string{}

// recordVariables are the variables that name records, with the ids in the mock.
var recordVariables = map[string]string{}

// recordID returns the id of a record of the real space, which the variable
// names, or of the mock.
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

// TestMain runs the sweepers where -sweep asks for them, and otherwise the tests.
func TestMain(m *testing.M) {
	if missing := missingVariables(); len(missing) > 0 && len(missing) < len(accVariables) {
		fmt.Fprintf(os.Stderr, "a real space takes all of %s; missing: %s\n", strings.Join(accVariables, ", "), strings.Join(missing, ", "))
		os.Exit(1)
	}
	if variable, isUnset := unset[phone]; isUnset {
		fmt.Fprintf(os.Stderr, "%s is no id: %q\n", variable, os.Getenv(variable))
		os.Exit(1)
	}
	if isReal() { // for the provider: so no configuration, which is a file, has them
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

// A tidy run of the tests removes what they have built.
type tidy struct{ *testing.M }

// Run runs the tests.
func (r tidy) Run() int {
	code := r.M.Run()
	_ = removeBuilt() // what is left is in the folder for temporary files
	return code
}

var removeBuilt = func() error { return nil }

// hurryTerraform spares the processes of Terraform that the tests start the work of
// collecting garbage: they live for a moment, and few of them need more than 100 MB.
func hurryTerraform() {
	for name, value := range map[string]string{"GOGC": "off", "GOMEMLIMIT": "512MiB", "GOMAXPROCS": "1"} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, value) // what fails here takes longer, and no more
		}
	}
}

// newRealSpace skips the test where the space has not all of the records. What the
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

// realClient returns a client of the real space, for looks and edits that are not
// the provider's.
func realClient() (*client.Client, error) {
	config := client.Defaults()
	config.ServiceURL, config.SpaceID = os.Getenv(accServiceURL), os.Getenv(accSpaceID)
	config.Username, config.Password = os.Getenv(accUsername), os.Getenv(accPassword)
	return client.New(config)
}
