"""The command line as an owner meets it."""
