resource "pipeliner_text_message_conversation" "ada" {
  phone_id               = "10000000-0000-4000-8000-000000000001"
  recipient_phone_number = "+1 (202) 555-0143"

  # The action is invoked once, when the conversation has been created.
  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.pipeliner_text_message.welcome]
    }
  }
}

action "pipeliner_text_message" "welcome" {
  config {
    text_message_conversation_id = pipeliner_text_message_conversation.ada.id
    content                      = "Welcome! Reply STOP to receive no more messages."
    direction                    = "outgoing" # The CRM may send it.
  }
}

# Nothing triggers this action. To invoke it:
# terraform apply -invoke=action.pipeliner_text_message.reminder
action "pipeliner_text_message" "reminder" {
  config {
    text_message_conversation_id = "80000000-0000-4000-8000-000000000001"
    content                      = "Your appointment is tomorrow at 9."
    direction                    = "outgoing"
  }
}
