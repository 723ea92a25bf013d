# Conversations by their UUIDs, each with its key. If you omit the keys, the UUIDs are the keys.
terraform import pipeliner_text_message_conversations.customers 'alice=80000000-0000-4000-8000-000000000001,bob=80000000-0000-4000-8000-000000000002'

# The same as JSON, for keys that contain commas, equals signs or spaces.
terraform import pipeliner_text_message_conversations.customers '{ "Doe, Jane": "80000000-0000-4000-8000-000000000001" }'

# All conversations of a phone, with their UUIDs as keys.
terraform import pipeliner_text_message_conversations.customers phone_id=10000000-0000-4000-8000-000000000001
