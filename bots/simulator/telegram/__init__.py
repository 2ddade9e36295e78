"""Telegram's Bot API as a bot sees it, and the subscribers behind it."""
