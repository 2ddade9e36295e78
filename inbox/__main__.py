"""`python -m inbox` is `otklik`."""

from inbox.cli import main

main()
