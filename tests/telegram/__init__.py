"""Tests of the Telegram package."""
