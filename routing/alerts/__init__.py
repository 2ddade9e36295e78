"""Alerts: what rings in the workspace's alert chat, with buttons, and what colleagues answer there."""
