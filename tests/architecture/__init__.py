"""What the tree as a whole promises."""
