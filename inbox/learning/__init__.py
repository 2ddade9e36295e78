"""What a project's people teach the classifier: corrections, the models made of them, and the page about both."""
