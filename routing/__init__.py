"""Who gets a message and why."""
