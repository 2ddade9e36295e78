"""Telegram: parse, receive, send."""

from bots.lazy_aiogram import import_aiogram

import_aiogram()
