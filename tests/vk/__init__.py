"""The VK adapter."""
