"""From raw payloads to rows, and from replies to the platform."""
