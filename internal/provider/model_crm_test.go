package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A held conversation is one as the CRM holds it.
type held struct {
	meaning
	revision string
	deleted  bool
	links    map[string]string // ids of the links by their linked records
	messages map[string]heldMessage
}

// A snapshot contains what the CRM holds, by id.
type snapshot map[string]held

// snapshot returns what the CRM holds, and names what is new.
func (m *machine) snapshot() snapshot {
	all := snapshot{}
	links, messages := m.links(), m.messages()
	for _, record := range m.crm.Records(conversations) {
		id := record["id"].(string)
		m.nameOf(id)
		for _, message := range messages[id] {
			m.strangers[id] = m.strangers[id] || message.first
		}
		what := meaning{}
		for _, field := range allFields[:4] {
			text, _ := record[field].(string)
			what[field] = meaningOf(field, text)
		}
		for _, kind := range kindsOfLinks {
			what[kind.field] = recordsOf(m.crm.Links(id, kind.field))
		}
		all[id] = held{what, fmt.Sprint(record["revision"]), record["is_deleted"] == true, links[id], messages[id]}
	}
	return all
}

// links returns the ids of all links, by conversation and linked record.
func (m *machine) links() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, link := range m.crm.Records("TextMessageConversationRelationses") {
		if link["is_deleted"] == true {
			continue
		}
		conversation := link["text_message_conversation_id"].(string)
		if all[conversation] == nil {
			all[conversation] = map[string]string{}
		}
		for _, key := range keyOf {
			if record, ok := link[key].(string); ok {
				all[conversation][record] = link["id"].(string)
			}
		}
	}
	return all
}

// keyOf contains the field of a link that names a record, for each entity.
var keyOf = map[string]string{
	"Accounts": "account_id", "Contacts": "contact_id", "Leads": "lead_oppty_id", "Opportunities": "lead_oppty_id",
	"Projects": "project_id", "Quotes": "quote_id",
}

// nameOf returns a name for a conversation. Conversations are numbered in the order in
// which they appear.
func (m *machine) nameOf(id string) string {
	if id == "" {
		return "none"
	}
	if m.names[id] == "" {
		m.names[id] = fmt.Sprintf("#%d", len(m.names)+1)
	}
	return m.names[id]
}

// byName returns the ids in the order in which the conversations appeared.
func (m *machine) byName(all snapshot) []string {
	number := func(id string) (n int) {
		_, _ = fmt.Sscanf(m.nameOf(id), "#%d", &n)
		return n
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b string) int { return number(a) - number(b) })
}

// othersAct does what other users may do in the CRM at any time.
func (m *machine) othersAct(t *rapid.T) {
	all := m.snapshot()
	ids := m.byName(all)
	if len(ids) == 0 || chance(t, "others create", 6) {
		m.othersCreate(t)
		return
	}
	id := oneOf(t, "whose", ids...)
	var what string
	var err error
	switch does := oneOf(t, "others", "edit", "link", "edit", "unlink", "soft-delete", "restore", "purge", "write", "correct"); {
	case does == "purge":
		what, err = "purge", m.crm.Purge(conversations, id)
	case does == "restore" && all[id].deleted:
		what, err = "restore", m.crm.Restore(conversations, id)
	case all[id].deleted:
		return
	case does == "write":
		what, err = m.othersWrite(t, id)
	case does == "correct":
		what, err = m.othersCorrect(t, all[id])
	case does == "soft-delete":
		what, err = "soft-delete", m.crm.SoftDelete(conversations, id)
	case does == "link":
		what, err = m.othersLink(t, id, oneOf(t, "kind", kindsOfLinks...))
	case does == "unlink":
		kind := oneOf(t, "kind", kindsOfLinks...)
		what, err = "empty "+kind.field+" of", m.crm.Edit(conversations, id, map[string]any{kind.field: []string{}})
	default:
		what, err = m.othersEdit(t, id, all[id])
	}
	if err != nil {
		m.t.Fatalf("the test asks the mock for what it refuses: %v", err)
	}
	m.log("others %s %s", what, m.nameOf(id))
	if strings.HasPrefix(what, "purge") {
		m.othersWork(t)
	}
}

// othersWork changes other records, as people do. Otherwise, a space whose newest record is purged would look like an
// older copy of itself, and the provider would not trust it.
func (m *machine) othersWork(t *rapid.T) {
	if err := m.crm.Edit("Accounts", acme, map[string]any{"name": oneOf(t, "name", "Acme", "ACME")}); err != nil {
		m.t.Fatalf("the test asks the mock for what it refuses: %v", err)
	}
}

func (m *machine) othersCreate(t *rapid.T) {
	fields := map[string]any{phones.field: oneOf(t, phones.field, phones.records...)}
	if chance(t, "with a number", 2) {
		fields[number] = oneOf(t, number, spelledNumbers...)[0]
	}
	if len(m.slots) > 0 && chance(t, "a twin", 2) {
		twin := m.slots[m.aSlot(t)]
		fields[phones.field] = twin.recordID(phones.field)
		if text, ok := twin[number]; ok {
			fields[number] = text
		} else {
			delete(fields, number)
		}
	}
	id, err := m.crm.Create(conversations, fields)
	if err != nil {
		m.t.Fatalf("the test asks the mock for what it refuses: %v", err)
	}
	m.strangers[id] = true
	m.log("others create %s with %s", m.nameOf(id), declared(fields).meaning())
}

func (m *machine) othersEdit(t *rapid.T, id string, now held) (string, error) {
	field := oneOf(t, "field", allFields[:4]...)
	var value any
	switch {
	case field == phones.field:
		value = oneOf(t, field, phones.records...)
	case field == number && (now.meaning[number] != "" || m.respells): // to the provider, such a number of others is a different one
		return "cannot change the number of", nil
	case field == number:
		value = oneOf(t, field, spelledNumbers...)[0]
	default:
		r := recipients[slices.IndexFunc(recipients, func(r reference) bool { return r.field == field })]
		if chosen := oneOf(t, field, append([]string{""}, r.records...)...); chosen != "" {
			value = chosen
		}
	}
	return fmt.Sprintf("set %s = %s of", field, meaningOf(field, value)), m.crm.Edit(conversations, id, map[string]any{field: value})
}

// rivals returns the updates of a plan for which another user can get ahead.
func (m *machine) rivals(plan *corePlan) []intent {
	now := m.snapshot()
	return slices.DeleteFunc(m.intents(plan), func(i intent) bool {
		what, exists := now[i.id]
		return !exists || what.deleted || len(i.changes()) == 0 || slices.Equal(i.changes(), []string{number})
	})
}

// othersRival changes a field that a plan is about to change.
func (m *machine) othersRival(t *rapid.T, i intent) {
	field := oneOf(t, "field", slices.DeleteFunc(i.changes(), func(field string) bool { return field == number })...)
	var value any
	for _, r := range slices.Concat([]reference{phones}, recipients, kindsOfLinks) {
		switch {
		case r.field != field:
		case strings.HasSuffix(field, "_relations") && chance(t, "by itself", 2):
			what, err := m.othersLink(t, i.id, r)
			if err != nil {
				m.t.Fatalf("the test asks the mock for what it refuses: %v", err)
			}
			m.log("others %s %s, which the plan changes", what, m.nameOf(i.id))
			return
		case strings.HasSuffix(field, "_relations"):
			value = slices.DeleteFunc(slices.Clone(r.records), func(string) bool { return chance(t, "left out", 2) })
		default:
			value = oneOf(t, field, r.records...)
		}
	}
	if err := m.crm.Edit(conversations, i.id, map[string]any{field: value}); err != nil {
		m.t.Fatalf("the test asks the mock for what it refuses: %v", err)
	}
	m.log("others set %s = %s of %s, which the plan changes", field, meaningOf(field, value), m.nameOf(i.id))
}

// othersLink links a record through the entity of links. The conversation need not get a
// new revision.
func (m *machine) othersLink(t *rapid.T, id string, kind reference) (string, error) {
	record := oneOf(t, "record", kind.records...)
	if slices.Contains(m.crm.Links(id, kind.field), record) {
		return "still link " + shortName[record] + " with", nil
	}
	_, err := m.crm.Create("TextMessageConversationRelationses", map[string]any{"text_message_conversation_id": id, keyOf[kind.entity]: record})
	return fmt.Sprintf("link %s with", shortName[record]), err
}

// A trouble is a fault that a request meets.
type trouble struct {
	name  string
	fault mockserver.Fault

	// harmless faults must have no visible effect if there are only a few.
	harmless bool
}

var troubles = []trouble{
	{"connection dropped before", mockserver.Fault{Kind: mockserver.DropBefore}, true},
	{"connection dropped after", mockserver.Fault{Kind: mockserver.DropAfter}, true},
	{"502 before", mockserver.Fault{Kind: mockserver.StatusReply, Status: 502}, true},
	{"502 after", mockserver.Fault{Kind: mockserver.StatusAfter, Status: 502}, true},
	{"504 after", mockserver.Fault{Kind: mockserver.StatusAfter, Status: 504}, true},
	{"503 with Retry-After", mockserver.Fault{Kind: mockserver.StatusReply, Status: 503, RetryAfter: "3"}, true},
	{"429", mockserver.Fault{Kind: mockserver.StatusReply, Status: 429}, true},
	{"429 for a minute", mockserver.Fault{Kind: mockserver.StatusReply, Status: 429, RetryAfter: "60"}, true},
	{"413", mockserver.Fault{Kind: mockserver.StatusReply, Status: 413, Reply: "<html>too large</html>"}, false},
	{"truncated", mockserver.Fault{Kind: mockserver.Truncate}, true},
	{"no reply in time", mockserver.Fault{Kind: mockserver.DropAfter, Latency: hang}, true},
	{"html after", mockserver.Fault{Kind: mockserver.ReplaceReply, Reply: "<html>Welcome to the hotel</html>", ContentType: "text/html"}, false},
	{"one result too few", mockserver.Fault{Method: "POST", Kind: mockserver.ShortArray}, true},
	{"one result too many", mockserver.Fault{Method: "POST", Kind: mockserver.LongArray}, true},
	{"401", mockserver.Fault{Kind: mockserver.StatusReply, Status: 401}, false},
	{"403", mockserver.Fault{Kind: mockserver.StatusReply, Status: 403}, false},
	{"500", mockserver.Fault{Kind: mockserver.StatusReply, Status: 500}, false},
	{"500 after", mockserver.Fault{Kind: mockserver.StatusAfter, Status: 500, Reply: "oops"}, false},
	{"500 of the API after", mockserver.Fault{Kind: mockserver.StatusAfter, Status: 500, Envelope: true}, false},
	{"503 with Retry-After after", mockserver.Fault{Kind: mockserver.StatusAfter, Status: 503, RetryAfter: "3"}, false},
	{"408 after", mockserver.Fault{Kind: mockserver.StatusAfter, Status: 408}, false},
	{"404 of a proxy after", mockserver.Fault{Kind: mockserver.StatusAfter, Status: 404, Reply: "<html>not found</html>"}, false},
	{"504, and done later", mockserver.Fault{Kind: mockserver.CommitLater, Status: 504, CommitAfter: 4 * time.Second}, false},
	{"404 of a proxy", mockserver.Fault{Kind: mockserver.StatusReply, Status: 404, Reply: "<html>not found</html>"}, false},
}

// makeTrouble orders faults for the next steps, and reports whether these must succeed
// anyway.
func (m *machine) makeTrouble(t *rapid.T) (harmless bool) {
	harmless = true
	times := 0
	lags := chance(t, "reads lag", 5)
	if lags {
		m.letLag(t)
	}
	if !lags && chance(t, "a message comes in", 5) {
		fault := mockserver.Fault{Path: oneOf(t, "of", "batch-modify", ""), Skip: oneOf(t, "skip", 0, 1), Times: 1}
		m.log("  a message comes in during %q, skip %d", fault.Path, fault.Skip)
		m.incomingIn(t, &fault)
		m.crm.Inject(fault)
	}
	for range oneOf(t, "faults", 0, 0, 1, 1, 2, 3) {
		trouble := oneOf(t, "fault", troubles...)
		fault := trouble.fault
		where := oneOf(t, "of", "POST batch-modify", "POST", "POST", "GET", "GET", "POST batch-delete", "POST batch-restore", "POST TextMessageConversationRelationses")
		method, path, _ := strings.Cut(where, " ")
		if fault.Method != "" && method != fault.Method {
			continue
		}
		fault.Method, fault.Path = method, path
		fault.Skip, fault.Times = oneOf(t, "skip", 0, 0, 0, 1, 2), oneOf(t, "times", 1, 1, 2, 9)
		if !lags && chance(t, "a second state", 8) {
			d := m.ofSecond(t)
			m.log("  the second state declares %s meanwhile", d.meaning())
			fault.Do = func() { m.applySecond(d) }
			harmless = false
		}
		if !lags && chance(t, "a message comes in", 4) {
			m.log("  fault: %s, %s, skip %d, times %d", where, trouble.name, fault.Skip, fault.Times)
			m.incomingIn(t, &fault)
			m.crm.Inject(fault)
			harmless = false
			continue
		}
		times += fault.Times
		harmless = harmless && trouble.harmless && times <= 2
		m.crm.Inject(fault)
		m.log("  fault: %s, %s, skip %d, times %d", where, trouble.name, fault.Skip, fault.Times)
	}
	return harmless
}

// hits returns in readable form which faults have hit which requests.
func (m *machine) hits() []string {
	var all []string
	for _, request := range m.crm.Requests() {
		if request.Fault != "" {
			all = append(all, request.Method+" "+strings.TrimPrefix(request.Path, "/entities/")+" "+request.Fault)
		}
	}
	m.crm.ResetRequests()
	return all
}
