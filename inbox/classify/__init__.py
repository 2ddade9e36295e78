"""Tags for texts that are not stored: for programs that want the classifier alone."""
