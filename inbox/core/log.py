"""Structured logs: words for a terminal, JSON lines elsewhere; secrets are cut out of every line."""

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, Processor
from typing_extensions import override

_SECRETS = re.compile(r"(?<!\d)\d{6,}:[A-Za-z0-9_-]{30,}|vk1\.[A-Za-z0-9._-]{20,}|\botk_[A-Za-z0-9_-]{20,}")
"""Telegram's and VK's keys wherever they stand (a URL has them right behind the word `bot`), and our own tokens."""


def hide_secrets(text: str) -> str:
    """The text with platform keys cut out."""
    return _SECRETS.sub("[key]", text)


class _ScrubbingRenderer:
    """A renderer whose finished line is scrubbed, so that nothing nested slips through."""

    def __init__(self, renderer: Processor) -> None:
        self._renderer = renderer

    def __call__(self, logger: object, method: str, event: EventDict) -> str:
        return hide_secrets(str(self._renderer(logger, method, event)))


class _ScrubbingHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Libraries' lines, scrubbed too."""

    @override
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
            _ScrubbingRenderer(renderer),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = _ScrubbingHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(
        level=max(logging.getLevelNamesMapping()[level.upper()], logging.WARNING), handlers=[handler], force=True
    )
