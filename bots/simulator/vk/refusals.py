"""VK's refusals, with its codes and words."""

from collections.abc import Mapping

Json = dict[str, object]

TEXTS = {
    1: "Unknown error occurred",
    3: "Unknown method passed",
    5: "User authorization failed: invalid access_token (4).",
    6: "Too many requests per second",
    7: "Permission to perform this action is denied",
    8: "Invalid request",
    9: "Flood control",
    10: "Internal server error",
    14: "Captcha needed",
    15: "Access denied",
    17: "Validation required",
    18: "User was deleted or banned",
    27: "Group authorization failed: method is unavailable with group auth.",
    29: "Rate limit reached",
    100: "One of the parameters specified was missing or invalid",
    104: "Not found",
    113: "Invalid user id",
    125: "Invalid group id",
    210: "Access to wall's post denied",
    211: "Access to wall's comment denied",
    212: "Access to post comments denied",
    213: "Access to status replies denied",
    222: "Hyperlinks are forbidden",
    223: "Too many replies",
    243: "Comment has not been deleted",
    900: "Can't send messages for users from blacklist",
    901: "Can't send messages for users without permission",
    902: "Can't send messages to this user due to their privacy settings",
    909: "Can't edit this message, because it's too old",
    914: "Message is too long",
    917: "You don't have access to this chat",
    924: "Can't delete this message for everybody",
    936: "Contact not found",
    945: "Chat was disabled",
    950: "Can't send message, reply timed out",
    1051: "Method is unavailable for this profile type",
    1117: "Access token has expired",
    2000: "Servers number limit is reached",
}


class VkApiError(Exception):
    """A refusal as VK says it: its code and words, and what belongs to them."""

    def __init__(self, code: int, detail: str = "", **more: object) -> None:
        text = TEXTS.get(code, "Error")
        self.code = code
        self.message = f"{text}: {detail}" if detail else text
        self.more = more
        super().__init__(self.message)

    def body(self, params: Mapping[str, str]) -> Json:
        """The answer, which repeats what was asked."""
        asked = [{"key": name, "value": value} for name, value in params.items()]
        error: Json = {"error_code": self.code, "error_msg": self.message, "request_params": asked, **self.more}
        if self.code == 14:
            error.setdefault("captcha_sid", "239633676097")
            error.setdefault("captcha_img", "https://api.vk.ru/captcha.php?sid=239633676097")
        return {"error": error}


def missing(name: str) -> VkApiError:
    """A parameter that is needed."""
    return VkApiError(100, f"{name} is a required parameter")


def invalid(name: str) -> VkApiError:
    """A parameter that makes no sense."""
    return VkApiError(100, f"{name} is invalid")
