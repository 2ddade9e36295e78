"""Structured logs: words for a terminal, JSON lines elsewhere; secrets are cut out of every line."""

import logging
import re
import sys
from collections.abc import MutableMapping

import structlog

_SECRETS = re.compile(r"\b\d{6,}:[A-Za-z0-9_-]{30,}|\bvk1\.[A-Za-z0-9._-]{20,}|\botk_[A-Za-z0-9_-]{20,}")


def hide_secrets(text: str) -> str:
    """The text with platform keys cut out."""
    return _SECRETS.sub("[key]", text)


def _scrub(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = hide_secrets(value)
    return event


class _ScrubbingHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Libraries' lines, scrubbed too."""

    def format(self, record: logging.LogRecord) -> str:
        return hide_secrets(super().format(record))


def configure_logs(level: str) -> None:
    """Set up logging of the process, to standard error."""
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _scrub,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = _ScrubbingHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=max(logging.getLevelNamesMapping()[level.upper()], logging.WARNING), handlers=[handler], force=True)
