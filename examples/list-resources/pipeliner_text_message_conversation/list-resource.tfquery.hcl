# All conversations of a phone, the latest change first. "terraform query" shows
# them; with -generate-config-out=support.tf it also writes their configuration.
list "pipeliner_text_message_conversation" "support" {
  provider = pipeliner
  limit    = 1000 # the default is 100

  config {
    filter   = { phone_id = "10000000-0000-4000-8000-000000000002" }
    order_by = ["-modified"]
  }
}

# Conversations with recipients in Denver and no contact, with all attributes.
list "pipeliner_text_message_conversation" "strangers_in_denver" {
  provider         = pipeliner
  include_resource = true

  config {
    filter    = { recipient_phone_number = "+1303" }
    filter_op = { recipient_phone_number = "starts", recipient_contact_id = "null" }
  }
}
