"""The simulator's VK."""
