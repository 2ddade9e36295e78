"""Learning from the team."""
