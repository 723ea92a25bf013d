# The phone of the sales team, by its number as the CRM stores it, and an account by its name.
data "pipeliner_records" "sales_phone" {
  entity = "Phones"
  filter = { phone_number = "+1 (202) 555-0190" }
  fields = ["phone_number"]
}

data "pipeliner_records" "bluefin" {
  entity    = "Accounts"
  filter    = { name = "Bluefin" }
  filter_op = { name = "starts" }
  fields    = ["name"]

  lifecycle {
    postcondition {
      condition     = length(self.ids) == 1
      error_message = "Expected one account that starts with Bluefin, found: ${join(", ", self.records[*].name)}."
    }
  }
}

# A conversation without a UUID in the configuration.
resource "pipeliner_text_message_conversation" "bluefin" {
  phone_id               = one(data.pipeliner_records.sales_phone.ids)
  recipient_phone_number = "+1 (212) 555-0199"
  recipient_account_id   = one(data.pipeliner_records.bluefin.ids)
  account_relations      = data.pipeliner_records.bluefin.ids
}

# The ids of the contacts whose first phone number is in New York, ordered by last name.
data "pipeliner_records" "new_york" {
  entity    = "Contacts"
  filter    = { phone1 = "+1212" }
  filter_op = { phone1 = "starts" }
  order_by  = ["last_name", "first_name"]
  fields    = ["first_name", "last_name"]
}

output "contacts_in_new_york" {
  value = { for contact in data.pipeliner_records.new_york.records : "${contact.last_name}, ${contact.first_name}" => contact.id }
}
