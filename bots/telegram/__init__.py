"""Telegram: parse, receive, send."""
