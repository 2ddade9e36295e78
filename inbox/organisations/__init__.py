"""Organisations, workspaces and what divides them."""
