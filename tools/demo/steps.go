package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

const (
	rows    = 120 // of conversations.csv
	address = `pipeliner_text_message_conversation.customer["amelia-hart"]`

	// Phones in examples/seed.json and examples/demo.
	salesPhone   = "10000000-0000-4000-8000-000000000001"
	billingPhone = "10000000-0000-4000-8000-000000000003"
)

type changes []*tfjson.ResourceChange

func (d *demo) create(ctx context.Context) error {
	d.step(fmt.Sprintf("A CSV file has %d customers. Each gets a conversation.", rows))
	before, err := d.conversations(ctx)
	if err != nil {
		return err
	}
	if err := d.apply(ctx, fmt.Sprintf("Apply complete! Resources: %d added, 0 changed, 0 destroyed.", rows)); err != nil {
		return err
	}
	return d.expectConversations(ctx, before+rows)
}

func (d *demo) planAgain(ctx context.Context) error {
	d.step("Nothing has changed, so the plan is empty.")
	return d.expectNoChanges(ctx)
}

func (d *demo) drift(ctx context.Context) error {
	d.step("Someone changes the sender of a conversation in the CRM. The next plan shows it.")
	id, err := d.conversationID(ctx)
	if err != nil {
		return err
	}
	path, change := "TextMessageConversations/"+id, map[string]string{"phone_id": billingPhone}
	d.show(`curl --user "$PIPELINER_USERNAME:$PIPELINER_PASSWORD" --header "Content-Type: application/json" \`)
	d.quote(`    --request PATCH ` + d.mock.Endpoint(path) + ` --data '{"phone_id": "` + billingPhone + `"}'`)
	if _, err := d.mock.Call(ctx, "PATCH", path, change, nil); err != nil {
		return err
	}
	plan, err := d.plan(ctx, "Plan: 0 to add, 1 to change, 0 to destroy.")
	if err != nil {
		return err
	}
	text, err := d.tf.ShowPlanFileRaw(ctx, planFile)
	if err != nil {
		return err
	}
	d.show("terraform show " + planFile)
	d.quote(excerpt(text))
	return plan.expectPhone(billingPhone, salesPhone)
}

func (d *demo) repair(ctx context.Context) error {
	d.step("The apply changes it back.")
	if err := d.apply(ctx, "Apply complete! Resources: 0 added, 1 changed, 0 destroyed."); err != nil {
		return err
	}
	id, err := d.conversationID(ctx)
	if err != nil {
		return err
	}
	var got struct {
		PhoneID string `json:"phone_id"`
	}
	if _, err := d.mock.Call(ctx, "GET", "TextMessageConversations/"+id, nil, &got); err != nil {
		return err
	}
	if got.PhoneID != salesPhone {
		return fmt.Errorf("the CRM has the phone %s, not %s", got.PhoneID, salesPhone)
	}
	return nil
}

func (d *demo) adopt(ctx context.Context) error {
	d.step("The CRM has a conversation that Terraform doesn't know. An import block takes it over.")
	const example = "import-by-string-id.tf"
	if err := d.copy(filepath.Join("resources", "pipeliner_text_message_conversation", example), example); err != nil {
		return err
	}
	content, err := os.ReadFile(filepath.Join(d.tf.WorkingDir(), example))
	if err != nil {
		return err
	}
	d.show("cat " + example)
	d.quote(string(content))
	before, err := d.conversations(ctx)
	if err != nil {
		return err
	}
	if err := d.apply(ctx, "Apply complete! Resources: 1 imported, 0 added, 0 changed, 0 destroyed."); err != nil {
		return err
	}
	if err := d.expectConversations(ctx, before); err != nil {
		return err
	}
	return d.expectNoChanges(ctx)
}

func (d *demo) thousand(ctx context.Context) error {
	d.step("A thousand more are one resource. Its map takes few requests.")
	const example = "thousand.tf"
	if err := d.copy(filepath.Join("demo", example), example); err != nil {
		return err
	}
	before, err := d.conversations(ctx)
	if err != nil {
		return err
	}
	if err := d.apply(ctx, "Apply complete! Resources: 1 added, 0 changed, 0 destroyed."); err != nil {
		return err
	}
	if err := d.expectConversations(ctx, before+1000); err != nil {
		return err
	}
	return d.expectNoChanges(ctx)
}

func (d *demo) destroy(ctx context.Context) error {
	d.step("Destroy everything.")
	err := d.terraform(ctx, "destroy -auto-approve", fmt.Sprintf("Destroy complete! Resources: %d destroyed.", rows+2), func() error {
		return d.tf.Destroy(ctx)
	})
	if err != nil {
		return err
	}
	return d.expectConversations(ctx, 0)
}

func (d *demo) apply(ctx context.Context, summary string) error {
	return d.terraform(ctx, "apply -auto-approve", summary, func() error { return d.tf.Apply(ctx) })
}

// conversationID returns the id, from the state, of the conversation that the demo changes behind Terraform's back.
func (d *demo) conversationID(ctx context.Context) (string, error) {
	state, err := d.tf.Show(ctx)
	if err != nil {
		return "", err
	}
	for _, resource := range state.Values.RootModule.Resources {
		if resource.Address == address {
			return fmt.Sprint(resource.AttributeValues["id"]), nil
		}
	}
	return "", fmt.Errorf("the state has no %s", address)
}

func (d *demo) expectNoChanges(ctx context.Context) error {
	plan, err := d.plan(ctx, "No changes.")
	if err == nil && len(plan) > 0 {
		err = fmt.Errorf("the plan should be empty, but it changes %s and %d more", plan[0].Address, len(plan)-1)
	}
	return err
}

func (d *demo) expectConversations(ctx context.Context, want int) error {
	got, err := d.conversations(ctx)
	if err == nil && got != want {
		err = fmt.Errorf("the CRM should have %d conversations now, but it has %d", want, got)
	}
	return err
}

// expectPhone returns an error unless the plan changes one conversation's phone in place, and nothing else.
func (c changes) expectPhone(from, to string) error {
	if len(c) != 1 || c[0].Address != address || !c[0].Change.Actions.Update() {
		return fmt.Errorf("the plan should update %s and nothing else, but it has %d changes", address, len(c))
	}
	before, _ := c[0].Change.Before.(map[string]any)
	after, _ := c[0].Change.After.(map[string]any)
	if before["phone_id"] != from || after["phone_id"] != to {
		return fmt.Errorf("the plan should change phone_id from %s to %s, but it changes it from %v to %v",
			from, to, before["phone_id"], after["phone_id"])
	}
	return nil
}

// excerpt returns the part of a plan that shows the changes.
func excerpt(plan string) string {
	if begin := strings.Index(plan, "  # pipeliner_"); begin >= 0 {
		plan = plan[begin:]
	}
	if end := strings.Index(plan, "\nPlan:"); end >= 0 {
		plan = plan[:end]
	}
	return strings.TrimRight(plan, "\n")
}
