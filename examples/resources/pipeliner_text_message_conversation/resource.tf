terraform {
  required_providers {
    pipeliner = {
      source  = "terraform-provider-pipeliner/pipeliner"
      version = "~> 1.0"
    }
  }
}

variable "sales_phone_id" {
  description = "The phone of the space that the sales team sends from."
  type        = string
  default     = "10000000-0000-4000-8000-000000000001"
}

# The CRM may find the recipient's account and contact by the phone number.
resource "pipeliner_text_message_conversation" "lead" {
  phone_id               = var.sales_phone_id
  recipient_phone_number = "+1 (202) 555-0104"
}

# The configuration sets the recipient and links the conversation with records of the CRM.
resource "pipeliner_text_message_conversation" "customer" {
  phone_id               = var.sales_phone_id
  recipient_phone_number = "+1 (212) 555-0102"
  recipient_account_id   = "30000000-0000-4000-8000-000000000002"
  recipient_contact_id   = "20000000-0000-4000-8000-000000000004"

  account_relations     = ["30000000-0000-4000-8000-000000000002"]
  opportunity_relations = ["50000000-0000-4000-8000-000000000001"]
  quote_relations       = ["70000000-0000-4000-8000-000000000001"]

  # If you remove this resource, the conversation stays in the CRM.
  deletion_policy = "abandon"
}
