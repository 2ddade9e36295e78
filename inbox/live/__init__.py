"""Live updates: the events of a person's workspaces as one stream."""
