"""Those who write to us: contacts and their identities."""
