package provider

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// notRemoved says that the provider could not delete what no key of the map stands for
// any more.
func (f failure) notRemoved() string {
	return fmt.Sprintf(f.inNumber("The provider couldn't delete %s. {It is|They are} still in the CRM, and in the state%s. Run the command again to try once more."),
		f.whatStays(), f.underKeys())
}

// mayBeRemoved says that it is unknown whether the CRM has deleted it.
func (f failure) mayBeRemoved() string {
	stays := f.whatStays()
	return fmt.Sprintf(f.inNumber("%s may or may not have been deleted. {It stays|They stay} in the state%s. Run the command again to try once more."),
		strings.ToUpper(stays[:1])+stays[1:], f.underKeys())
}

// whatStays says what a removal leaves.
func (f failure) whatStays() string {
	switch {
	case len(f.keys) <= 1:
		return fmt.Sprintf("the %s %s of this key", f.thing(), f.subject.ID.ValueString())
	case f.blamesNone():
		return fmt.Sprintf("%d %ss", len(f.keys), f.thing())
	}
	return fmt.Sprintf("the %ss of these keys", f.thing())
}

// underKeys says under which keys the state keeps them, unless they are the same keys.
func (f failure) underKeys() string {
	if slices.Equal(f.keys, f.kept) {
		return ""
	}
	return f.inNumber(" under the {key|keys} ") + quoted(f.kept)
}

// notRestored says what to do about a record that stays deleted.
func (f failure) notRestored(id client.ID) string {
	another := "replace it with a new one: terraform apply -replace=ADDRESS, with the address of this resource"
	switch {
	case f.message:
		another = "create a new one, which may be sent again: remove the message from the configuration, apply, and add it again"
	case len(f.keys) > 0:
		another = "create a new one: remove the entry, apply, and add it again"
	}
	return fmt.Sprintf("The %s %s is deleted in the CRM, and the CRM does not restore it. The provider changed "+
		"nothing. Restore it in the CRM and apply again, or %s.", f.thing(), id, another)
}
