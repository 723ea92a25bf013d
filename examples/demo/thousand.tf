# Thousands fit into one resource. The function gives the map its type, so that Terraform has nothing to convert.
resource "pipeliner_text_message_conversations" "thousand" {
  conversations = provider::pipeliner::conversations({
    for i in range(1000) : format("customer-%04d", i) => {
      phone_id               = local.senders.support
      recipient_phone_number = format("+1 202 556 %04d", i)
    }
  })
}
