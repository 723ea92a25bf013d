terraform {
  required_providers {
    pipeliner = {
      source  = "terraform-provider-pipeliner/pipeliner"
      version = "~> 1.0"
    }
  }
}

# The address of the space and the credentials come from the environment: PIPELINER_SERVICE_URL, PIPELINER_SPACE_ID,
# PIPELINER_USERNAME and PIPELINER_PASSWORD. This way, the password is in no file.
provider "pipeliner" {
  max_concurrent_requests = 4 # optional: the default is 8
}

resource "pipeliner_text_message_conversation" "reception" {
  phone_id               = "10000000-0000-4000-8000-000000000001"
  recipient_phone_number = "+1 (415) 555-0132"
}
