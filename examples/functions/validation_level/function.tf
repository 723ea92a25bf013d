resource "pipeliner_text_message_conversation" "reception" {
  phone_id               = "10000000-0000-4000-8000-000000000001"
  recipient_phone_number = "+1 (415) 555-0132"

  # 10, in words.
  validation_level = provider::pipeliner::validation_level("changed_fields", "override_readonly")
}
