package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

const numberAttribute = "recipient_phone_number"

// warnOfRespelling warns of numbers that the CRM holds in another spelling than was sent:
// those of these keys of a map or, without keys, that of one conversation. It does not
// print them, because CI keeps its logs.
func warnOfRespelling(keys ...string) diag.Diagnostic {
	at, whose := path.Root(numberAttribute), "the "+numberAttribute
	if len(keys) > 0 {
		at, whose = path.Root("conversations"), fmt.Sprintf("the %s of %s", numberAttribute, quoted(keys))
	}
	return diag.NewAttributeWarningDiagnostic(at, "Phone Number Stored in Another Form",
		fmt.Sprintf("The CRM does not show %s as the provider sent it. You don't need to do anything: the "+
			"provider remembers both spellings and treats them as the same number. An import has no such memory: "+
			"after an import, write the number as the CRM shows it.", whose))
}
