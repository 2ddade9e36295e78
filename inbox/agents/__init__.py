"""People who answer: agents, teams, sign-in, tokens, shifts."""
