# By the phone that sends and the number of the recipient, in any spelling.
data "pipeliner_text_message_conversation" "dovetail" {
  phone_id               = "10000000-0000-4000-8000-000000000002"
  recipient_phone_number = "+1 (303) 555-0142"
}

# By its UUID.
data "pipeliner_text_message_conversation" "by_id" {
  id = "80000000-0000-4000-8000-000000000001"
}

output "accounts_of_dovetail" {
  value = data.pipeliner_text_message_conversation.dovetail.account_relations
}
