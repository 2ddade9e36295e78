"""Telegram's refusals, with its codes and words."""

Json = dict[str, object]


class BotApiError(Exception):
    """A call is refused."""

    def __init__(
        self, code: int, description: str, *, retry_after: int | None = None, migrate_to: int | None = None
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.migrate_to = migrate_to

    def body(self) -> Json:
        """As the Bot API answers it."""
        answer: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            answer["parameters"] = {"retry_after": self.retry_after}
        if self.migrate_to is not None:
            answer["parameters"] = {"migrate_to_chat_id": self.migrate_to}
        return answer


def bad_request(words: str) -> BotApiError:
    """400: the call makes no sense as it is."""
    return BotApiError(400, f"Bad Request: {words}")


def forbidden(words: str) -> BotApiError:
    """403: the bot may not, there."""
    return BotApiError(403, f"Forbidden: {words}")


def unauthorized() -> BotApiError:
    """401: the token is revoked or was never given."""
    return BotApiError(401, "Unauthorized")


def not_found() -> BotApiError:
    """404: what stands where the token should is none."""
    return BotApiError(404, "Not Found")


def too_many(seconds: int) -> BotApiError:
    """429: wait."""
    return BotApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


WEBHOOK_IS_ACTIVE = BotApiError(
    409,
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
)
ANOTHER_POLL = BotApiError(
    409,
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
)
WEBHOOK_SET_MEANWHILE = BotApiError(409, "Conflict: terminated by setWebhook request")
