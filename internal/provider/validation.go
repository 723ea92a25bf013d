package provider

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// undescribed implements the methods of a validator whose descriptions are never shown. The errors of the validator
// say what it accepts, each in its own words.
type undescribed struct{}

func (undescribed) Description(context.Context) string         { return "" }
func (undescribed) MarkdownDescription(context.Context) string { return "" }

// isReference accepts a UUID, or a URI that ends in one and does not name another entity.
type isReference struct {
	undescribed

	entity    string // path segment, such as "Accounts"
	allowNone bool   // accept "", which means none
}

func (v isReference) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || v.allowNone && req.ConfigValue.ValueString() == "" {
		return
	}
	given := req.ConfigValue.ValueString()
	_, entity, err := client.ParseReference(given)
	switch {
	case err != nil && isID(strings.TrimSpace(given)):
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Id",
			named(req.Path, fmt.Sprintf("%q has white space around the id. Remove it, for example with trimspace.", given)))
	case err != nil:
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Id",
			named(req.Path, fmt.Sprintf("%v. Look up the id, for example with the data source pipeliner_records.", err)))
	case isOtherEntity(entity, v.entity):
		resp.Diagnostics.AddAttributeError(req.Path, "Id of Another Entity",
			named(req.Path, fmt.Sprintf("%q names a record of %s. Use the id of a record of %s.",
				given, entity, v.entity)))
	}
}

func isID(text string) bool {
	_, err := client.ParseID(text)
	return err == nil
}

// areReferences accepts a set of ids of an entity. It also reports a null id, because the framework's own validator
// does not say where it is.
type areReferences struct {
	undescribed

	entity string
}

func (v areReferences) ValidateSet(ctx context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	for _, element := range req.ConfigValue.Elements() {
		id, _ := element.(types.String)
		if id.IsNull() {
			resp.Diagnostics.AddAttributeError(req.Path, "Invalid Id", named(req.Path, "One of the ids is null. Remove it."))
			continue
		}
		var one validator.StringResponse
		isReference{entity: v.entity}.ValidateString(ctx, validator.StringRequest{Path: req.Path.AtSetValue(id), ConfigValue: id}, &one)
		resp.Diagnostics.Append(one.Diagnostics...)
	}
}

// isOtherEntity reports whether named is an entity that a conversation refers to, but not the wanted one. It accepts
// unknown segments: the CRM checks the id itself.
func isOtherEntity(named, wanted string) bool {
	if named == wanted || named == "" {
		return false
	}
	return slices.Contains([]string{"TextMessageConversationRelationses", "TextMessages"}, named) ||
		slices.ContainsFunc(conversationFields, func(field conversationField) bool { return field.entity == named })
}

// A textCheck accepts the texts that pass. Its errors quote the text, so that an empty one is
// visible.
type textCheck struct {
	summary, description string
	passes               func(string) bool
}

func (v textCheck) Description(context.Context) string { return v.description }

func (v textCheck) MarkdownDescription(context.Context) string { return v.description }

func (v textCheck) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if given := req.ConfigValue.ValueString(); isKnown(req.ConfigValue) && !v.passes(given) {
		resp.Diagnostics.AddAttributeError(req.Path, v.summary, named(req.Path, fmt.Sprintf("%s, got: %q.", v.description, given)))
	}
}

// isDuration accepts a duration in Go's notation, from least to most.
func isDuration(least, most time.Duration) textCheck {
	example := `"5s"`
	if least < time.Second {
		example = `"5s" or "500ms"`
	}
	return textCheck{"Invalid Duration", fmt.Sprintf("value must be a duration from %s to %s, such as %s",
		client.DurationText(least), client.DurationText(most), example), func(text string) bool {
		given, err := time.ParseDuration(text)
		return err == nil && given >= least && given <= most
	}}
}

// isMatch accepts texts that match a pattern.
func isMatch(pattern *regexp.Regexp, description string) textCheck {
	return textCheck{"Invalid Attribute Value Match", description, pattern.MatchString}
}

var (
	// The CRM may trim a content to an empty message, and would send or refuse it.
	isContent = textCheck{"Invalid Attribute Value Length", "value must be more than white space", func(text string) bool {
		return strings.TrimSpace(text) != ""
	}}
	// An empty text often comes from a variable without a value. See also [isSet].
	isNotEmpty = textCheck{"Invalid Attribute Value Length", "value must not be empty: set it, or use null to omit it", func(text string) bool { return text != "" }}
	isRegion   = textCheck{"Invalid Region", "value must be the two-letter code (ISO 3166-1 alpha-2) of a region with phone numbers of its own, such as \"US\" or \"GB\", in capital letters", client.IsPhoneRegion}
	isTime     = textCheck{"Invalid Time", "value must be a time in RFC 3339, such as 2026-01-02T15:04:05Z", func(text string) bool {
		_, err := time.Parse(time.RFC3339Nano, text)
		return err == nil
	}}
)

// isSet refuses an empty setting, which often comes from a secret of CI without a value.
func isSet(variable string) textCheck {
	return textCheck{"Invalid Attribute Value Length", "value must not be empty: set it, or use null to read it from the environment variable " + variable, isNotEmpty.passes}
}

// isNumber refuses values that spreadsheets leave in a column of phone numbers and that can't be numbers. It leaves
// all other values to the CRM: a sender may have a name.
type isNumber struct {
	undescribed

	required bool // nothing works without a number, so its errors don't advise to omit it
}

var (
	roundedNumber = regexp.MustCompile(`^[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+$`)
	placeholder   = regexp.MustCompile(`(?i)^(?:n\.?/?a\.?|none|null|nil|nan|tbd|#(?:n/a|ref!|value!|name\?|null!|num!|div/0!)|[^\pL\pN*]*)$`)
)

func (v isNumber) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if !isKnown(req.ConfigValue) {
		return
	}
	given := req.ConfigValue.ValueString()
	switch {
	case isRounded(given):
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Phone Number", named(req.Path,
			fmt.Sprintf("%q is a number that a spreadsheet has rounded, so digits are lost. Format the column as "+
				"text, and type the phone number again.", given)))
	case isPlaceholder(given):
		advice := "Correct it, omit the attribute, or use null."
		switch {
		case v.required:
			advice = "Correct it."
		case len(req.Path.Steps()) > 1:
			advice = "Correct it, omit the attribute, use null, or remove the entry."
		}
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Phone Number", named(req.Path,
			fmt.Sprintf("%q is not a phone number. %s", given, advice)))
	}
}

func isRounded(number string) bool { return roundedNumber.MatchString(strings.TrimSpace(number)) }

func isPlaceholder(number string) bool { return placeholder.MatchString(strings.TrimSpace(number)) }
