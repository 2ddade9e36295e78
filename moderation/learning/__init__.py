"""From labelled messages to a classifier: corpus, training, measuring."""
