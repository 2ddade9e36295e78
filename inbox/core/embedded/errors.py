"""What can go wrong with a home and its servers; each text says how to mend it."""

from inbox.core.errors import SetupError


class EmbeddedServerError(SetupError):
    """A server of the home cannot be started, reached or stopped."""


class HomeNotWritableError(EmbeddedServerError):
    """The home cannot be created or written to."""


class HomeInUseError(EmbeddedServerError):
    """Another command holds the home; the text names its process."""
