terraform {
  required_version = ">= 1.8"

  required_providers {
    pipeliner = {
      source  = "terraform-provider-pipeliner/pipeliner"
      version = "~> 1.0"
    }
  }
}

# The address of the CRM and the credentials come from the environment.
provider "pipeliner" {}

locals {
  # The phones that the space sends from.
  senders = {
    sales   = "10000000-0000-4000-8000-000000000001"
    support = "10000000-0000-4000-8000-000000000002"
    billing = "10000000-0000-4000-8000-000000000003"
  }

  customers = { for row in csvdecode(file("${path.module}/conversations.csv")) : row.customer => row }
}

resource "pipeliner_text_message_conversation" "customer" {
  for_each = local.customers

  phone_id               = local.senders[each.value.sender]
  recipient_phone_number = each.value.number
  account_relations      = [each.value.account_id]
}
