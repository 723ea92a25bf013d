package provider

import (
	"context"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

var (
	_ basetypes.Int64Typable      = wholeNumberType{}
	_ basetypes.Int64Valuable     = wholeNumber{}
	_ xattr.ValidateableAttribute = wholeNumber{}
)

// A wholeNumberType is the type of a setting or an attribute that contains a whole number. The framework reports any
// other number as a bug of the provider. This type reports it as a mistake in the configuration.
type wholeNumberType struct{ basetypes.Int64Type }

func (t wholeNumberType) Equal(other attr.Type) bool { return t == other }

func (wholeNumberType) String() string { return "wholeNumberType" }

func (wholeNumberType) ValueType(context.Context) attr.Value { return wholeNumber{} }

func (wholeNumberType) ValueFromInt64(_ context.Context, value basetypes.Int64Value) (basetypes.Int64Valuable, diag.Diagnostics) {
	return wholeNumber{Int64Value: value}, nil
}

func (t wholeNumberType) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	if in.IsKnown() && !in.IsNull() {
		var given big.Float
		if err := in.As(&given); err != nil {
			return nil, err
		}
		if _, accuracy := given.Int64(); accuracy != big.Exact {
			wrong := "must be a whole number"
			if given.IsInt() {
				wrong = "must have at most 18 digits"
			}
			return wholeNumber{Int64Value: basetypes.NewInt64Unknown(), wrong: fmt.Sprintf("value %s, got: %s", wrong, given.Text('g', 10))}, nil
		}
	}
	value, err := t.Int64Type.ValueFromTerraform(ctx, in)
	number, _ := value.(basetypes.Int64Value)
	return wholeNumber{Int64Value: number}, err
}

// A wholeNumber is a whole number. If the configured number isn't one, it is unknown and contains the reason.
type wholeNumber struct {
	basetypes.Int64Value

	wrong string // empty: nothing is
}

func (wholeNumber) Type(context.Context) attr.Type { return wholeNumberType{} }

func (n wholeNumber) Equal(other attr.Value) bool {
	o, same := other.(wholeNumber)
	return same && n.wrong == o.wrong && n.Int64Value.Equal(o.Int64Value)
}

// ValidateAttribute refuses other numbers.
func (n wholeNumber) ValidateAttribute(_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	if n.wrong != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Attribute Value",
			named(req.Path, n.wrong+"."))
	}
}
