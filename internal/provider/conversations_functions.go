package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// The functions return a map of entries with exactly the type of the bulk resource's attribute, so that Terraform
// does not convert it. The time of a conversion grows with the square of the number of entries. The map is sealed
// here too while it passes through the framework, see [sealingServer].

// sealedParameters contains the functions that return a sealed map, and the position of the parameter
// of any type, which is sealed too.
var sealedParameters = map[string]int{conversationsName: 0, conversationsFromCSVName: 1}

const (
	conversationsName        = "conversations"
	conversationsFromCSVName = "conversations_from_csv"
)

func (s *sealingServer) GetFunctions(ctx context.Context, req *tfprotov6.GetFunctionsRequest) (*tfprotov6.GetFunctionsResponse, error) {
	return s.unsealed.GetFunctions(ctx, req)
}

func (s *sealingServer) CallFunction(ctx context.Context, req *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	parameter, isSealed := sealedParameters[req.Name]
	if isSealed && parameter < len(req.Arguments) {
		sealed, _ := msgpack.Marshal(string(req.Arguments[parameter].MsgPack)) // never fails
		req.Arguments[parameter] = &tfprotov6.DynamicValue{MsgPack: sealed}
	}
	resp, err := s.frameworkServer.CallFunction(ctx, req)
	if err != nil || !isSealed || resp.Result == nil || isNothing(resp.Result.MsgPack) {
		return resp, err
	}
	var sealed string
	err = msgpack.Unmarshal(resp.Result.MsgPack, &sealed)
	resp.Result = &tfprotov6.DynamicValue{MsgPack: []byte(sealed)}
	return resp, err
}

// entriesReturn returns the type of the map, sealed or not.
func entriesReturn(unsealed bool) function.Return {
	if unsealed {
		return function.MapReturn{ElementType: entryType}
	}
	return function.StringReturn{}
}

// givenParameter returns a parameter that takes a value of any type, sealed or not.
func givenParameter(unsealed, mayBeUnknown bool, name, description string) function.Parameter {
	if unsealed {
		return function.DynamicParameter{Name: name, MarkdownDescription: description, AllowUnknownValues: mayBeUnknown}
	}
	return function.StringParameter{Name: name}
}

// conversationsFunction gives a value the type of the map.
type conversationsFunction struct{ unsealed bool }

func (conversationsFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = conversationsName
}

func (f conversationsFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Give a map of conversations its type",
		MarkdownDescription: "Returns the conversations as a map that has exactly the type of the attribute " +
			"`conversations` of `pipeliner_text_message_conversations`. Without this function, Terraform " +
			"converts the map in each step of each command. That takes time that grows with the square of the " +
			"number of entries, so use the function from about 1,000 entries on. If any part of the value is " +
			"sensitive, Terraform treats the whole map as sensitive." + functionsNeed,
		Parameters: []function.Parameter{givenParameter(f.unsealed, true, "value",
			"Map or object of conversations by their keys, each with any of the attributes of an entry. Values may be unknown.")},
		Return: entriesReturn(f.unsealed),
	}
}

func (conversationsFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var given types.String
	if resp.Error = req.Arguments.Get(ctx, &given); resp.Error != nil {
		return
	}
	found, known, err := readGiven([]byte(given.ValueString()))
	switch {
	case err != nil:
		resp.Error = function.NewArgumentFuncError(0, err.Error())
	case !known:
		resp.Error = resp.Result.Set(ctx, types.StringUnknown())
	default:
		resp.Error = resp.Result.Set(ctx, found.seal())
	}
}

// givenWire reads the attributes of an entry from values of any type that can be converted: a number for a text, a
// list for a set.
var givenWire = wireTypesOf(entryType.AttrTypes, fromFunction)

// givenAttribute returns the reader of an attribute that a configuration can set.
func givenAttribute(name string) (*wireType, error) {
	if as := givenWire[name]; as != nil {
		return as, nil // a computed one may be null
	}
	if _, ofResource := bulkSchema(true).Attributes[name]; ofResource {
		return nil, fmt.Errorf("%q is an attribute of the resource, not of an entry", name)
	}
	return nil, noSuchAttribute(name, append(namesOf(configurableFields), "messages"))
}

// withoutType removes the type, which precedes a value of any type.
func withoutType(value []byte) ([]byte, error) {
	if isNothing(value) {
		return value, nil
	}
	in := msgpack.NewDecoder(bytes.NewReader(value))
	if _, err := in.DecodeArrayLen(); err != nil {
		return nil, err
	}
	if err := in.Skip(); err != nil {
		return nil, err
	}
	return in.DecodeRaw()
}

// readGiven reads a map from a value of any type that can be converted. known is false if the whole value is unknown.
func readGiven(value []byte) (found entries, known bool, err error) {
	whole, err := withoutType(value)
	switch {
	case err != nil:
		return nil, false, err
	case len(whole) == 0 || whole[0] == msgpcode.Nil:
		return nil, false, errors.New("the value must not be null")
	case isNothing(whole):
		return nil, false, nil
	}
	found, nulls, err := readEntries(msgpack.NewDecoder(bytes.NewReader(whole)), givenAttribute)
	if err != nil {
		return nil, false, err
	}
	if len(nulls) > 0 {
		slices.Sort(nulls)
		return nil, false, fmt.Errorf("entries must not be null: %s", quoted(nulls))
	}
	return found, true, nil
}
