package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// These probes find out in which form a service stores data, and how it answers.

// incomingMessage returns a message with the content. It is incoming, so the service does not send it.
func incomingMessage(content string) map[string]any {
	const incoming, received = 2, 4
	return map[string]any{"content": content, "direction": incoming, "status": received}
}

// message records a message in a new conversation.
func (p *Prober) message(ctx context.Context, fields map[string]any) (map[string]any, error) {
	_, id, err := p.create(ctx, nil)
	if err != nil {
		return nil, err
	}
	fields["text_message_conversation_id"] = id
	made, _, err := p.createIn(ctx, messages, fields)
	return made.record(), err
}

// contents are the forms of one content. Each value of the switch stores it differently.
var contents = map[string]string{
	mockserver.Kept:      MessageContent + " Caf\u00e9  &\nbar ",
	mockserver.Trimmed:   MessageContent + " Caf\u00e9  &\nbar",
	mockserver.CRLF:      MessageContent + " Caf\u00e9  &\r\nbar ",
	mockserver.NFD:       MessageContent + " Cafe\u0301  &\nbar ",
	mockserver.Entities:  MessageContent + " Caf\u00e9  &amp;\nbar ",
	mockserver.Collapsed: MessageContent + " Caf\u00e9 & bar",
}

func (p *Prober) contentFormat(ctx context.Context) (string, error) {
	made, err := p.message(ctx, incomingMessage(contents[mockserver.Kept]))
	if err != nil {
		return "", err
	}
	for format, content := range contents {
		if made["content"] == content {
			return format, nil
		}
	}
	return "", fmt.Errorf("a content is stored as %q", made["content"])
}

func (p *Prober) timeFormat(ctx context.Context) (string, error) {
	made, _, err := p.create(ctx, nil)
	if err != nil {
		return "", err
	}
	modified, _ := made.record()["modified"].(string)
	if len(modified) < len("2024-07-09 12:51:48") || modified[10] != ' ' && modified[10] != 'T' {
		return "", fmt.Errorf("a time is written %q", modified)
	}
	return either(modified[10] == ' ', mockserver.TimeSpace, mockserver.TimeT, nil)
}

func (p *Prober) createStatus(ctx context.Context) (string, error) {
	made, _, err := p.create(ctx, nil)
	if err == nil && made.status != http.StatusCreated && made.status != http.StatusOK {
		err = made.unexpected()
	}
	return either(made.status == http.StatusCreated, mockserver.Created, mockserver.OK, err)
}

func (p *Prober) timePrecision(ctx context.Context) (string, error) {
	message := incomingMessage(MessageContent)
	message["datetime_sent"] = "2024-07-09T12:51:48.123456Z"
	made, err := p.message(ctx, message)
	if err != nil {
		return "", err
	}
	stored, _ := made["datetime_sent"].(string)
	var at client.Time
	if err := at.UnmarshalText([]byte(stored)); err != nil {
		return "", err
	}
	switch at.Nanosecond() {
	case 123_456_000:
		return mockserver.Kept, nil
	case 123_000_000:
		return mockserver.Milliseconds, nil
	case 0:
		return mockserver.Seconds, nil
	}
	return "", fmt.Errorf("%s is stored as %q", message["datetime_sent"], stored)
}

// batchSuccess sends two items. One names a phone that does not exist; the other is
// written.
func (p *Prober) batchSuccess(ctx context.Context) (string, error) {
	got, err := p.ok(ctx, http.MethodPost, conversations+"/batch-modify?validation-level=0&rollback-method=1", []map[string]any{
		{"phone_id": p.space.Phone, "recipient_phone_number": p.freshNumber()},
		{"phone_id": nobody, "recipient_phone_number": p.freshNumber()},
	})
	if err != nil {
		return "", err
	}
	items, _ := got.body["data"].([]any)
	written := p.note(items)
	success, isBool := got.body["success"].(bool)
	if len(items) != 2 || len(written) != 1 || !isBool {
		return "", fmt.Errorf("of two items with one mistake, %d are answered and %d written, with a success of %v", len(items), len(written), got.body["success"])
	}
	return either(success, mockserver.AlwaysTrue, mockserver.MixedFalse, nil)
}

// note returns the ids among the items of a batch reply, and notes these conversations for
// Clean.
func (p *Prober) note(items []any) (ids []string) {
	for _, item := range items {
		object, _ := item.(map[string]any)
		id, _ := object["id"].(string)
		if text, isText := item.(string); isText {
			id = text
		}
		if id != "" {
			ids = append(ids, id)
			p.made = append(p.made, conversations+"/"+id)
		}
	}
	return ids
}

// orderBy lists in two opposite orders. A service that ignores order-by returns the same list twice. With eight
// conversations, it is unlikely that one of the orders is the order of their creation by chance.
func (p *Prober) orderBy(ctx context.Context) (string, error) {
	for range 8 {
		if _, _, err := p.create(ctx, nil); err != nil {
			return "", err
		}
	}
	got, up, err := p.revisionsBy(ctx, "revision")
	if got.isRefusal() {
		return mockserver.Refused, nil
	}
	if err != nil {
		return "", err
	}
	_, down, err := p.revisionsBy(ctx, "-revision")
	if err != nil {
		return "", err
	}
	falling := slices.IsSortedFunc(down, func(a, b float64) int { return cmp.Compare(b, a) })
	switch {
	case slices.IsSorted(up) && falling:
		return mockserver.Honoured, nil
	case slices.Equal(up, down) && falling:
		return mockserver.Newest, nil
	case slices.Equal(up, down):
		return mockserver.Ignored, nil
	}
	return "", fmt.Errorf("ordered by revision: %v; the other way round: %v", up, down)
}

// revisionsBy returns the revisions of the phone's conversations in that order. Fewer than
// two are an error.
func (p *Prober) revisionsBy(ctx context.Context, order string) (got answer, revisions []float64, err error) {
	got, records, err := p.list(ctx, conversations, map[string]string{"phone_id": p.space.Phone}, "order-by="+order)
	if err == nil && !got.isOK() {
		err = got.unexpected()
	}
	for _, record := range records {
		revision, _ := record["revision"].(float64)
		revisions = append(revisions, revision)
	}
	if err == nil && len(revisions) < 2 {
		err = fmt.Errorf("two conversations were created, and %d are listed", len(revisions))
	}
	return got, revisions, err
}

// createdClock creates two conversations. The clock is behind if created of the second is more
// than a second before modified of the first: a service may write whole seconds.
func (p *Prober) createdClock(ctx context.Context) (string, error) {
	older, _, err := p.create(ctx, nil)
	if err != nil {
		return "", err
	}
	newer, _, err := p.create(ctx, nil)
	if err != nil {
		return "", err
	}
	created, isText := newer.record()["created"].(string)
	if !isText {
		return mockserver.Null, nil
	}
	modified, _ := older.record()["modified"].(string)
	var at, before client.Time
	err = errors.Join(at.UnmarshalText([]byte(created)), before.UnmarshalText([]byte(modified)))
	return either(at.Add(time.Second).Before(before.Time), mockserver.Behind, mockserver.Kept, err)
}

func (p *Prober) duplicateConversations(ctx context.Context) (string, error) {
	number := p.freshNumber()
	fields := map[string]any{"phone_id": p.space.Phone, "recipient_phone_number": number}
	_, first, err := p.create(ctx, fields)
	if err != nil {
		return "", err
	}
	got, err := p.do(ctx, http.MethodPost, conversations, fields)
	if err == nil && got.record()["id"] == first {
		return "", errors.New("a second conversation of the same phone and number is answered with the first one")
	}
	p.note([]any{got.body["data"]})
	if err == nil && !got.isOK() && !got.isRefusal() {
		err = got.unexpected()
	}
	return either(got.isOK(), mockserver.Allowed, mockserver.Refused, err)
}

// phoneFormats returns the forms of a number such as +1 (907) 555-0133. Country is not
// among them: it only differs from E164 for a number without a country.
func phoneFormats(number string) map[string]string {
	masked := regexp.MustCompile(`\d`).ReplaceAllString(number[:len(number)-4], "*") + number[len(number)-4:]
	return map[string]string{
		mockserver.Kept: number, mockserver.Digits: Digits(number), mockserver.DoubleZero: "00" + Digits(number),
		mockserver.E164: "+" + Digits(number), mockserver.Masked: masked,
	}
}

func (p *Prober) phoneFormat(ctx context.Context) (string, error) {
	number := p.freshNumber()
	made, _, err := p.create(ctx, map[string]any{"recipient_phone_number": number})
	if err != nil {
		return "", err
	}
	stored, _ := made.record()["recipient_phone_number"].(string)
	for format, form := range phoneFormats(number) {
		switch {
		case stored == form && format == mockserver.E164:
			return p.countryFormat(ctx)
		case stored == form:
			return format, nil
		}
	}
	return "", fmt.Errorf("%q is stored as %q", number, stored)
}

// countryFormat finds out whether the service adds a country to a number that has none.
func (p *Prober) countryFormat(ctx context.Context) (string, error) {
	number := strings.TrimPrefix(p.freshNumber(), "+1 ")
	made, _, err := p.create(ctx, map[string]any{"recipient_phone_number": number})
	if err != nil {
		return "", err
	}
	switch stored := made.record()["recipient_phone_number"]; stored {
	case Digits(number):
		return mockserver.E164, nil
	case "+1" + Digits(number):
		return mockserver.Country, nil
	default:
		return "", fmt.Errorf("%q is stored as %q", number, stored)
	}
}
