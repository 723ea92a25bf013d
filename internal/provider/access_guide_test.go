package provider_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

const (
	messageEntity  = "TextMessages"
	relationEntity = "TextMessageConversationRelationses"
)

// accesses are the operations that requests need, as "Entity operation".
type accesses map[string]bool

// add notes the access that a request needs. A batch names its entity in the path. Records and relations in its body
// need access to their own entities.
func (a accesses) add(t *testing.T, r mockserver.Request) {
	t.Helper()
	entity, operation, _ := strings.Cut(strings.TrimPrefix(r.Path, "/entities/"), "/")
	if strings.Contains(strings.Join(r.Query["expand"], ","), "_relations") {
		a[relationEntity+" read"] = true
	}
	switch {
	case r.Method == http.MethodGet:
		a[entity+" read"] = true
	case operation == "batch-delete":
		a[entity+" delete"] = true
	case operation == "batch-restore":
		a[entity+" restore"] = true
	case operation == "batch-modify":
		var items []map[string]any
		must(t, json.Unmarshal(r.Body, &items))
		for _, item := range items {
			a.addItem(entity, item)
		}
	default:
		t.Errorf("the guide knows nothing of %s %s", r.Method, r.Path)
	}
}

func (a accesses) addItem(entity string, item map[string]any) {
	_, isUpdate := item["id"]
	a[entity+map[bool]string{false: " create", true: " change"}[isUpdate]] = true
	for field, value := range item {
		children, _ := value.([]any)
		switch {
		case strings.HasSuffix(field, "_relations") && isUpdate:
			a[relationEntity+" create"], a[relationEntity+" delete"] = true, true // the array replaces the set
		case strings.HasSuffix(field, "_relations") && len(children) > 0:
			a[relationEntity+" create"] = true
		case field == "messages" && len(children) > 0:
			a[messageEntity+" create"] = true
		}
	}
}

// An accessPlay applies configurations and notes the access that they need.
type accessPlay struct {
	t    *testing.T
	crm  *mockserver.Server
	core *core
}

// conversationOf returns a configuration of one conversation, as a single resource or in a map.
func (p *accessPlay) conversationOf(typeName string, attributes map[string]any) map[string]block {
	if typeName == bulkType {
		attributes = map[string]any{"conversations": map[string]any{"ada": attributes}}
	}
	return map[string]block{typeName + ".test": {typeName, configured(p.core.schemas[typeName].ValueType(), attributes)}}
}

// configured returns a value of the type. Attributes that are not given are null.
func configured(typ tftypes.Type, given any) tftypes.Value {
	switch typ := typ.(type) {
	case tftypes.Object:
		fields, ok := given.(map[string]any)
		if !ok {
			break
		}
		values := map[string]tftypes.Value{}
		for name, of := range typ.AttributeTypes {
			values[name] = configured(of, fields[name])
		}
		return tftypes.NewValue(typ, values)
	case tftypes.Map:
		elements, ok := given.(map[string]any)
		if !ok {
			break
		}
		values := map[string]tftypes.Value{}
		for key, element := range elements {
			values[key] = configured(typ.ElementType, element)
		}
		return tftypes.NewValue(typ, values)
	case tftypes.Set:
		elements, ok := given.([]string)
		if !ok {
			break
		}
		values := []tftypes.Value{}
		for _, element := range elements {
			values = append(values, tftypes.NewValue(tftypes.String, element))
		}
		return tftypes.NewValue(typ, values)
	}
	return tftypes.NewValue(typ, given)
}

// apply plans and applies. Without a configuration, it destroys.
func (p *accessPlay) apply(config map[string]block) {
	p.t.Helper()
	planning := p.core.walk()
	plan := planning.plan(config)
	if plan == nil {
		p.t.Fatalf("the plan fails: %v", planning.errors())
	}
	applying := p.core.walk()
	if applying.apply(plan); len(applying.errors()) > 0 {
		p.t.Fatalf("the apply fails: %v", applying.errors())
	}
}

// life does everything to a conversation that Terraform can do.
func (p *accessPlay) life(typeName string, messages bool) {
	p.t.Helper()
	declare := func(number, account, content string) map[string]block {
		attributes := map[string]any{"phone_id": phone, "recipient_phone_number": number, "recipient_account_id": account, "account_relations": []string{account}}
		if messages {
			attributes["messages"] = map[string]any{content: map[string]any{"content": content, "direction": "outgoing"}}
		}
		return p.conversationOf(typeName, attributes)
	}
	first := declare("+1 907 555 0101", acme, "one")
	p.apply(first)
	for _, record := range p.crm.Records(conversations) {
		must(p.t, p.crm.SoftDelete(conversations, record["id"].(string)))
	}
	p.apply(first) // restores
	p.apply(declare("+1 907 555 0101", globex, "one"))
	if messages {
		changed := declare("+1 907 555 0101", globex, "one")
		for _, message := range p.crm.Records(messageEntity) {
			must(p.t, p.crm.Edit(messageEntity, message["id"].(string), map[string]any{"content": "not one"}))
		}
		p.apply(changed)
		p.apply(declare("+1 907 555 0101", globex, "two"))
	}
	p.apply(declare("+1 907 555 0102", globex, "two")) // replaces
	p.apply(nil)
}

// older makes the space look older than the state.
func (p *accessPlay) older(typeName string) {
	p.t.Helper()
	config := p.conversationOf(typeName, map[string]any{"phone_id": phone, "recipient_phone_number": "+1 907 555 0103"})
	p.crm.Backup()
	p.apply(config)
	must(p.t, p.crm.RestoreBackup())
	if walk := p.core.walk(); walk.plan(config) != nil {
		p.t.Error("a space that was restored from a backup is no error")
	}
}

// read reads a data source.
func (p *accessPlay) read(typeName string, given map[string]any) {
	p.t.Helper()
	server := p.core.walk().server
	schemas, err := server.GetProviderSchema(p.t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	must(p.t, err)
	resp, err := server.ReadDataSource(p.t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: typeName, Config: dynamic(configured(schemas.DataSourceSchemas[typeName].ValueType(), given)),
	})
	must(p.t, err)
	for _, d := range resp.Diagnostics {
		p.t.Errorf("%s: %s: %s", typeName, d.Summary, d.Detail)
	}
}

// needed returns the access that the requests need, for each way in which the API may
// behave.
func needed(t *testing.T, play func(*accessPlay)) accesses {
	t.Helper()
	all := accesses{}
	for _, behavior := range []mockserver.Behavior{{}, {ArrayUpdate: mockserver.Merge}, {DeletedGet: mockserver.OK}} {
		synctest.Test(t, func(t *testing.T) {
			server, err := newMock(mockserver.Options{Behavior: behavior})
			must(t, err)
			settings := map[string]any{"service_url": "https://crm.example", "space_id": "my_space", "username": "terraform", "password": password}
			core, err := newCore(func() tfprotov6.ProviderServer {
				return provider.NewServerOver(mockserver.InProcess(server))
			}, settings)
			must(t, err)
			play(&accessPlay{t, server, core})
			for _, request := range server.Requests() {
				all.add(t, request)
			}
		})
	}
	return all
}

var accessRow = regexp.MustCompile("(?m)^\\| `([A-Za-z]+)` \\|(.*)\\|$")

// invoke invokes the action, also with a lost reply.
func (p *accessPlay) invoke() {
	p.t.Helper()
	conversation, err := p.crm.Create(conversations, map[string]any{"phone_id": phone})
	must(p.t, err)
	p.crm.Inject(mockserver.Fault{Path: "batch-modify", Times: 1, Kind: mockserver.DropAfter})
	s := stage{core: p.core, world: &world{Server: p.crm, space: &space{crm: p.crm, t: p.t}}}
	if got := s.rpc().invoked(hello(conversation)); len(p.crm.Records(messageEntity)) != 1 {
		p.t.Errorf("the action made no message: %v", got.diagnostics)
	}
}

// The table in the guide shows what the requests need: those of both resources without and with messages, of the
// action, of everything that only reads, and of a space that looks older than the state.
func TestAccessGuide(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../templates/guides/setting-up-access.md")
	must(t, err)
	documented := [5]accesses{{}, {}, {}, {}, {}}
	for _, row := range accessRow.FindAllStringSubmatch(string(text), -1) {
		cells := strings.Split(row[2], "|")
		if len(cells) != len(documented) {
			t.Fatalf("the row of %s has %d cells; want %d", row[1], len(cells), len(documented))
		}
		for i, cell := range cells {
			for operation := range strings.SplitSeq(strings.TrimSpace(cell), ", ") {
				if operation != "–" {
					documented[i][row[1]+" "+operation] = true
				}
			}
		}
	}
	for _, typeName := range []string{singleType, bulkType} {
		plain := needed(t, func(p *accessPlay) { p.life(typeName, false) })
		older := needed(t, func(p *accessPlay) { p.older(typeName) })
		for i, got := range []accesses{plain, needed(t, func(p *accessPlay) { p.life(typeName, true) }), nil, nil, older} {
			if got == nil {
				continue // below
			}
			if i > 0 { // in addition to what every conversation needs
				maps.DeleteFunc(got, func(access string, _ bool) bool { return plain[access] })
			}
			compareAccess(t, typeName, documented[i], got)
		}
	}
	compareAccess(t, "the action", documented[2], needed(t, (*accessPlay).invoke))
	compareAccess(t, "data sources", documented[3], needed(t, func(p *accessPlay) {
		p.read("pipeliner_text_message_conversations", map[string]any{"filter": map[string]any{"phone_id": phone}})
	}))
	for access := range needed(t, func(p *accessPlay) { p.read("pipeliner_records", map[string]any{"entity": "Accounts"}) }) {
		if access != "Accounts read" {
			t.Errorf("pipeliner_records needs %s", access)
		}
	}
}

func compareAccess(t *testing.T, what string, documented, got accesses) {
	t.Helper()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("%s: the guide and the requests (-guide +requests):\n%s", what, diff)
	}
}
