"""VK: communities' direct messages and comments."""
