locals {
  customers = { for i in range(1000) : format("customer-%04d", i) => format("+1 202 556 %04d", i) }
}

resource "pipeliner_text_message_conversations" "customers" {
  conversations = provider::pipeliner::conversations({
    for name, number in local.customers : name => {
      phone_id               = "10000000-0000-4000-8000-000000000001"
      recipient_phone_number = number
    }
  })
}
