"""Rules, assignment and their tables."""
