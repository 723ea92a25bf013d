import {
  to = pipeliner_text_message_conversation.support
  identity = {
    id = "80000000-0000-4000-8000-000000000001"
  }
}

resource "pipeliner_text_message_conversation" "support" {
  phone_id               = "10000000-0000-4000-8000-000000000002"
  recipient_phone_number = "+1 (303) 555-0142"
}
