"""Outgoing webhooks: other programs hear of leads and alerts, signed, at least once."""
