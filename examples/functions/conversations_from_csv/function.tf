locals {
  # Usually file("${path.module}/customers.csv").
  spreadsheet = <<-EOT
    customer,sender,number,accounts
    "Hart, Amelia",Sales,+1 (202) 555-0150,Alder & Sons
    Bruno Moreau,Support,+1 (202) 555-0151,Alder & Sons; Bluefin
  EOT
}

resource "pipeliner_text_message_conversations" "customers" {
  conversations = provider::pipeliner::conversations_from_csv(local.spreadsheet, {
    key = "customer"

    columns = {
      phone_id               = "sender"
      recipient_phone_number = "number"
      account_relations      = "accounts"
    }

    # What the cells say, and what that stands for.
    lookups = {
      phone_id = {
        sales   = "10000000-0000-4000-8000-000000000001"
        support = "10000000-0000-4000-8000-000000000002"
      }
      account_relations = {
        "Alder & Sons" = "30000000-0000-4000-8000-000000000001"
        Bluefin        = "30000000-0000-4000-8000-000000000002"
      }
    }
  })
}
