"""Canned responses: ready words of a project, chosen in the composer."""
