"""Conversations, messages and posts over the JSON API."""
