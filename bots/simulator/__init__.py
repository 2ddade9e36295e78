"""Local stand-ins for the platforms that speak their HTTP, and a phone to play the subscriber."""
