package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// These types are the output of Terraform. Source: its "JSON Provider Schemas", format version 1.0.
type (
	printedSchema struct {
		Version int64        `json:"version"`
		Block   printedBlock `json:"block"`
	}

	printedAction struct {
		Block printedBlock `json:"block"`
	}

	printedBlock struct {
		Attributes map[string]printedAttribute `json:"attributes,omitempty"`
		printedText
	}

	printedText struct {
		Description     string `json:"description,omitempty"`
		DescriptionKind string `json:"description_kind,omitempty"`
		Deprecated      bool   `json:"deprecated,omitempty"`
	}

	printedAttribute struct {
		Type       json.RawMessage `json:"type,omitempty"`
		NestedType *printedNested  `json:"nested_type,omitempty"`
		printedText
		Required  bool `json:"required,omitempty"`
		Optional  bool `json:"optional,omitempty"`
		Computed  bool `json:"computed,omitempty"`
		Sensitive bool `json:"sensitive,omitempty"`
		WriteOnly bool `json:"write_only,omitempty"`
	}

	printedNested struct {
		Attributes  map[string]printedAttribute `json:"attributes"`
		NestingMode string                      `json:"nesting_mode"`
	}

	printedIdentity struct {
		Version    int64                               `json:"version"`
		Attributes map[string]printedIdentityAttribute `json:"attributes"`
	}

	printedIdentityAttribute struct {
		Type              json.RawMessage `json:"type"`
		Description       string          `json:"description,omitempty"`
		RequiredForImport bool            `json:"required_for_import,omitempty"`
		OptionalForImport bool            `json:"optional_for_import,omitempty"`
	}

	printedFunction struct {
		Description        string             `json:"description,omitempty"`
		Summary            string             `json:"summary,omitempty"`
		DeprecationMessage string             `json:"deprecation_message,omitempty"`
		ReturnType         json.RawMessage    `json:"return_type"`
		Parameters         []printedParameter `json:"parameters,omitempty"`
		VariadicParameter  *printedParameter  `json:"variadic_parameter,omitempty"`
	}

	printedParameter struct {
		Name        string          `json:"name"`
		Description string          `json:"description,omitempty"`
		IsNullable  bool            `json:"is_nullable,omitempty"`
		Type        json.RawMessage `json:"type"`
	}
)

// printer remembers what it could not print.
type printer struct{ err error }

func printedProvider(schemas *tfprotov6.GetProviderSchemaResponse, identities *tfprotov6.GetResourceIdentitySchemasResponse) (map[string]any, error) {
	var p printer
	if len(schemas.EphemeralResourceSchemas) > 0 {
		p.fail("ephemeral resources")
	}
	all := map[string]any{
		"provider":              p.schema(schemas.Provider),
		"resource_schemas":      each(schemas.ResourceSchemas, p.schema),
		"data_source_schemas":   each(schemas.DataSourceSchemas, p.schema),
		"list_resource_schemas": each(schemas.ListResourceSchemas, p.schema),
		"action_schemas":        each(schemas.ActionSchemas, p.action),
		"functions":             each(schemas.Functions, p.function),

		"resource_identity_schemas": each(identities.IdentitySchemas, p.identity),
	}
	return all, p.err
}

func each[From, To any](all map[string]From, printed func(From) To) map[string]To {
	result := make(map[string]To, len(all))
	for name, one := range all {
		result[name] = printed(one)
	}
	return result
}

// fail reports a part of a schema that the provider did not have when this command was written.
func (p *printer) fail(what string) {
	p.err = errors.Join(p.err, fmt.Errorf("the provider has %s, which cannot be printed yet", what))
}

func (p *printer) schema(schema *tfprotov6.Schema) printedSchema {
	if len(schema.Block.BlockTypes) > 0 {
		p.fail("blocks inside blocks")
	}
	return printedSchema{
		Version: schema.Version,
		Block: printedBlock{
			Attributes:  p.attributes(schema.Block.Attributes),
			printedText: text(schema.Block.Description, schema.Block.DescriptionKind, schema.Block.Deprecated),
		},
	}
}

// action prints a schema without a version, because Terraform stores nothing of an action.
func (p *printer) action(schema *tfprotov6.ActionSchema) printedAction {
	return printedAction{Block: p.schema(schema.Schema).Block}
}

func text(description string, kind tfprotov6.StringKind, deprecated bool) printedText {
	return printedText{Description: description, DescriptionKind: strings.ToLower(kind.String()), Deprecated: deprecated}
}

func (p *printer) attributes(attributes []*tfprotov6.SchemaAttribute) map[string]printedAttribute {
	printed := make(map[string]printedAttribute, len(attributes))
	for _, a := range attributes {
		one := printedAttribute{
			printedText: text(a.Description, a.DescriptionKind, a.Deprecated),
			Required:    a.Required,
			Optional:    a.Optional,
			Computed:    a.Computed,
			Sensitive:   a.Sensitive,
			WriteOnly:   a.WriteOnly,
		}
		if a.NestedType == nil {
			one.Type = p.valueType(a.Type)
		} else {
			one.NestedType = &printedNested{
				Attributes:  p.attributes(a.NestedType.Attributes),
				NestingMode: strings.ToLower(a.NestedType.Nesting.String()),
			}
		}
		printed[a.Name] = one
	}
	return printed
}

func (p *printer) identity(schema *tfprotov6.ResourceIdentitySchema) printedIdentity {
	printed := printedIdentity{Version: schema.Version, Attributes: map[string]printedIdentityAttribute{}}
	for _, a := range schema.IdentityAttributes {
		printed.Attributes[a.Name] = printedIdentityAttribute{
			Type:              p.valueType(a.Type),
			Description:       a.Description,
			RequiredForImport: a.RequiredForImport,
			OptionalForImport: a.OptionalForImport,
		}
	}
	return printed
}

func (p *printer) function(function *tfprotov6.Function) printedFunction {
	printed := printedFunction{
		Description:        function.Description,
		Summary:            function.Summary,
		DeprecationMessage: function.DeprecationMessage,
		ReturnType:         p.valueType(function.Return.Type),
	}
	for _, parameter := range function.Parameters {
		printed.Parameters = append(printed.Parameters, p.parameter(parameter))
	}
	if function.VariadicParameter != nil {
		variadic := p.parameter(function.VariadicParameter)
		printed.VariadicParameter = &variadic
	}
	return printed
}

func (p *printer) parameter(parameter *tfprotov6.FunctionParameter) printedParameter {
	return printedParameter{
		Name:        parameter.Name,
		Description: parameter.Description,
		IsNullable:  parameter.AllowNullValue,
		Type:        p.valueType(parameter.Type),
	}
}

func (p *printer) valueType(of tftypes.Type) json.RawMessage {
	printed, err := json.Marshal(of)
	p.err = errors.Join(p.err, err)
	return printed
}
