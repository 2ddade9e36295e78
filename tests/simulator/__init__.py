"""The simulator: that it speaks the Bot API, and that its control plane does what it says."""
