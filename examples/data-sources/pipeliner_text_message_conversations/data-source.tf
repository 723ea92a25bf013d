# The conversations of a phone with recipients in Denver, most recently changed first. The filter compares with the number as
# the CRM stores it: in this example, without spaces and punctuation.
data "pipeliner_text_message_conversations" "denver" {
  filter = {
    phone_id               = "10000000-0000-4000-8000-000000000002"
    recipient_phone_number = "+1303"
  }
  filter_op = { recipient_phone_number = "starts" }
  order_by  = ["-modified"]
  limit     = 20
}

# Conversations of 2024 without a contact.
data "pipeliner_text_message_conversations" "strangers" {
  filter    = { created = "2024-01-01,2025-01-01" }
  filter_op = { created = "between", recipient_contact_id = "null" }
}

output "numbers_in_denver" {
  value = data.pipeliner_text_message_conversations.denver.conversations[*].recipient_phone_number
}

output "strangers" {
  value = length(data.pipeliner_text_message_conversations.strangers.ids)
}
