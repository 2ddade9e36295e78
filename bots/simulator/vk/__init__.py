"""VK's API as a community's keys see it, and the subscribers behind it."""
