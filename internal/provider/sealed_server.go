package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// The framework visits every value of a map several times in each call, and copies the whole map for each of its
// entries. With thousands of entries, that takes longer than everything else. So the map of the bulk resource passes
// through the framework sealed: as one string that contains the bytes that Terraform has sent. The bulk resource
// reads its entries from the string, and seals what it returns. The framework still handles the private state, the
// diagnostics and the life cycle of the resource.

// NewServer returns the provider's server, which Terraform talks to.
func NewServer(version string) tfprotov6.ProviderServer {
	return newServer(pipelinerProvider{version: version})
}

func newServer(p pipelinerProvider) tfprotov6.ProviderServer {
	people := p
	people.unsealed = true
	framework, isWhole := providerserver.NewProtocol6(&p)().(frameworkServer)
	if !isWhole {
		panic("the framework's server lacks what this one hands on") // every test would find this
	}
	return &sealingServer{frameworkServer: framework, unsealed: providerserver.NewProtocol6(&people)()}
}

// A frameworkServer is the part of the framework's server that this provider uses.
type frameworkServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
}

// A sealingServer seals and opens the map on its way to and from the framework.
type sealingServer struct {
	frameworkServer

	unsealed tfprotov6.ProviderServer // has the schemas that people see
}

func (s *sealingServer) GetProviderSchema(ctx context.Context, req *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return s.unsealed.GetProviderSchema(ctx, req)
}

func (s *sealingServer) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return handOn(ctx, s.frameworkServer.ValidateResourceConfig, req, req.TypeName, []sealable{&req.Config}, nil)
}

func (s *sealingServer) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return handOn(ctx, s.frameworkServer.ReadResource, req, req.TypeName, []sealable{&req.CurrentState},
		func(resp *tfprotov6.ReadResourceResponse) sealable { return &resp.NewState })
}

func (s *sealingServer) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return handOn(ctx, s.frameworkServer.PlanResourceChange, req, req.TypeName, []sealable{&req.PriorState, &req.ProposedNewState, &req.Config},
		func(resp *tfprotov6.PlanResourceChangeResponse) sealable { return &resp.PlannedState })
}

func (s *sealingServer) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return handOn(ctx, s.frameworkServer.ApplyResourceChange, req, req.TypeName, []sealable{&req.PriorState, &req.PlannedState, &req.Config},
		func(resp *tfprotov6.ApplyResourceChangeResponse) sealable { return &resp.NewState })
}

// A sealable is a value that may contain the map.
type sealable = **tfprotov6.DynamicValue

// handOn seals these values of a request, calls the framework, and opens the value of the response, if there is one.
func handOn[Req, Resp any](ctx context.Context, call func(context.Context, Req) (Resp, error), req Req, typeName string, given []sealable, returned func(Resp) sealable) (resp Resp, err error) {
	if err := sealFor(typeName, given...); err != nil {
		return resp, err
	}
	resp, err = call(ctx, req)
	if err == nil && returned != nil {
		err = openFor(typeName, returned(resp))
	}
	return resp, err
}

// UpgradeResourceState hides the map, which is JSON here, from the framework. It adds the map to the result in the
// form in which Terraform sends it.
func (s *sealingServer) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	var stored json.RawMessage
	if req.TypeName == bulkTypeName && req.RawState != nil {
		rest, taken, err := takeJSON(req.RawState.JSON)
		if err != nil {
			return nil, err
		}
		req.RawState, stored = &tfprotov6.RawState{JSON: rest}, taken
	}
	resp, err := s.frameworkServer.UpgradeResourceState(ctx, req)
	if err != nil {
		return nil, err
	}
	return resp, convertFor(req.TypeName, func(_ msgpack.RawMessage, out *msgpack.Encoder) error {
		return transcodeEntries(stored, out)
	}, &resp.UpgradedState)
}

func (s *sealingServer) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := s.frameworkServer.ImportResourceState(ctx, req)
	if err != nil {
		return nil, err
	}
	for _, imported := range resp.ImportedResources {
		err = errors.Join(err, openFor(imported.TypeName, &imported.State))
	}
	return resp, err
}

// GenerateResourceConfig needs no sealing: only the framework handles it, and Terraform
// rarely calls it.
func (s *sealingServer) GenerateResourceConfig(ctx context.Context, req *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	return s.unsealed.GenerateResourceConfig(ctx, req)
}

// sealFor seals the map in values of the bulk resource.
func sealFor(typeName string, values ...sealable) error {
	return convertFor(typeName, func(value msgpack.RawMessage, out *msgpack.Encoder) error {
		return out.EncodeString(string(value))
	}, values...)
}

// openFor opens the map in values of the bulk resource.
func openFor(typeName string, values ...sealable) error {
	return convertFor(typeName, func(value msgpack.RawMessage, out *msgpack.Encoder) error {
		var sealed string
		if err := msgpack.Unmarshal(value, &sealed); err != nil {
			return err
		}
		return out.Encode(msgpack.RawMessage(sealed))
	}, values...)
}

func convertFor(typeName string, convert func(msgpack.RawMessage, *msgpack.Encoder) error, values ...sealable) error {
	if typeName != bulkTypeName {
		return nil
	}
	for _, value := range values {
		if *value == nil || len((*value).MsgPack) == 0 {
			continue
		}
		converted, err := convertAttribute((*value).MsgPack, convert)
		if err != nil {
			return fmt.Errorf("a value of %s can't be read: %w", typeName, err)
		}
		*value = &tfprotov6.DynamicValue{MsgPack: converted}
	}
	return nil
}

// convertAttribute returns an object with its map converted. A null or unknown map stays
// as it is.
func convertAttribute(object []byte, convert func(msgpack.RawMessage, *msgpack.Encoder) error) ([]byte, error) {
	in := msgpack.NewDecoder(bytes.NewReader(object))
	if isNothing(object) {
		return object, nil
	}
	count, err := in.DecodeMapLen()
	if err != nil {
		return nil, err
	}
	var converted bytes.Buffer
	converted.Grow(len(object))
	out := msgpack.NewEncoder(&converted)
	err = out.EncodeMapLen(count)
	for range count {
		name, nameErr := in.DecodeString()
		value, valueErr := in.DecodeRaw()
		if err = errors.Join(err, nameErr, valueErr); err != nil {
			return nil, err
		}
		err = out.EncodeString(name)
		if name == sealedAttribute && !isNothing(value) {
			err = errors.Join(err, convert(value, out))
		} else {
			err = errors.Join(err, out.Encode(value))
		}
	}
	return converted.Bytes(), err
}

// isNothing reports whether a value is null or unknown.
func isNothing(value []byte) bool {
	return len(value) == 0 || value[0] == msgpcode.Nil || msgpcode.IsExt(value[0])
}

// takeJSON takes the map out of a stored state, and leaves an empty text.
func takeJSON(state []byte) (rest []byte, taken json.RawMessage, err error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(state, &object); err != nil {
		return nil, nil, fmt.Errorf("the state of %s can't be read: %w", bulkTypeName, err)
	}
	if taken = object[sealedAttribute]; !isNull(taken) {
		object[sealedAttribute] = json.RawMessage(`""`)
	}
	rest, err = json.Marshal(object)
	return rest, taken, err
}
