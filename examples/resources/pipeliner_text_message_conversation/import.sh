# The id is the conversation's UUID, or a URI that ends in it.
terraform import pipeliner_text_message_conversation.support 80000000-0000-4000-8000-000000000001
