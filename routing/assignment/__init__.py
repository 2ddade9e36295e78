"""Choosing the agent: round robin among those on shift."""
