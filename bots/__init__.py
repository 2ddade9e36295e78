"""Both platforms: receiving, parsing, sending, simulating."""
