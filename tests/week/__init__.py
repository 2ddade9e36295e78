"""A scripted week over the turn of a year: the desk against a slow reference that shares no code with it."""
