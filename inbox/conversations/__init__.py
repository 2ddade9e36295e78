"""Posts, conversations, messages: intake, lists, thread."""
