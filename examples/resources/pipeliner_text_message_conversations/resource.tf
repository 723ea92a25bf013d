terraform {
  required_providers {
    pipeliner = {
      source  = "terraform-provider-pipeliner/pipeliner"
      version = "~> 1.0"
    }
  }
}

variable "customers" {
  description = "The customers, by a name of your choice."
  type        = map(object({ number = string, account_id = optional(string) }))

  default = {
    alice = { number = "+1 (202) 555-0104", account_id = "30000000-0000-4000-8000-000000000001" }
    bob   = { number = "+1 (202) 555-0105" }
  }
}

resource "pipeliner_text_message_conversations" "customers" {
  conversations = {
    for name, customer in var.customers : name => {
      phone_id               = "10000000-0000-4000-8000-000000000001"
      recipient_phone_number = customer.number
      recipient_account_id   = customer.account_id
    }
  }

  # Keep the conversations that succeed, and let the next apply try the others again …
  rollback_method = 1

  # … but let this apply fail, so that someone notices.
  lifecycle {
    postcondition {
      condition     = length(self.failed) == 0
      error_message = "Not created: ${join(", ", [for key, failure in self.failed : "${key} (${failure.message})"])}"
    }
  }
}

output "conversation_with_alice" {
  value = pipeliner_text_message_conversations.customers.conversations["alice"].id
}
