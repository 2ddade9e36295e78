"""Does a message need an answer, and why: pure, from what was said and how it was tagged.

A direct message that says something does. A comment does when it asks, complains, is a lead, addresses us, or may
well do one of these by its tags; whom it answers says how likely that must be. «+», bare emoji, stickers, tagged
friends, thanks for our answer and talk among subscribers do not. Each verdict has a reason.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from inbox.channels.events import AttachmentKind, ConversationKind
from inbox.conversations.addressee import Whom
from inbox.conversations.tags import Intent, Sentiment, Tagged


class Why(StrEnum):
    """Reasons; the panel translates them."""

    DIRECT = "direct"
    QUESTION = "question"
    COMPLAINT = "complaint"
    LEAD = "lead"
    PARTNERSHIP = "partnership"
    ADDRESSES_US = "addresses_us"
    UNSURE = "unsure"
    MEDIA = "media"
    PERSON = "person"
    SETTLED = "settled"
    """A person said that no answer is needed."""
    PLUS = "plus"
    EMOJI = "emoji"
    STICKER = "sticker"
    FRIEND = "friend"
    COMMAND = "command"
    EMPTY = "empty"
    PRAISE = "praise"
    SPAM = "spam"
    TALK = "talk"
    RULE = "rule"
    """A rule closed it."""
    OURS = "ours"
    DRAW = "draw"


@dataclass(frozen=True, slots=True)
class NeedsAnswer:
    """The verdict with its reason."""

    needed: bool
    why: Why


LONGEST_PLUS = 40
"""Characters; a longer row of pluses says no more."""
_PLUS = re.compile(
    r"^[\s+.!)❤️🙏✅👍]*(\+|плюс(ик)?|участвую|я тоже|хочу участвовать|беру участие|in)[\s+.!)❤️🙏✅👍]*$", re.IGNORECASE
)
MAY_ASK = 0.069
"""Chance that a comment wants something of us, all such intents taken together, from which on a person looks: chosen
so that on folds of the corpus by trade 97.5 % of the comments that do are found."""
LIKELY_ASKS = 0.35
"""The same where hardly anybody does: under a draw, and in an answer to another subscriber. Of those about one in ten
wants something of us, of other comments nearly half: so much rarer, the same evidence must be so much stronger."""
_ME = r"\b(?:меня|нас|мне|нам)\b"
_TOO = r"\b(?:тоже|также|так же|т[оа] же|такая же|такой же|вообще|до сих пор|опять|снова)\b"
_JOINS = re.compile(
    rf"{_ME}(?: \w+){{0,2}} {_TOO}|{_TOO}(?: \w+){{0,2}} {_ME}|\b(?:me too|same here|happened to me)\b", re.IGNORECASE
)
"""«и у меня так же»: whoever joins another's trouble has one of their own."""
_IRONY = re.compile(
    r"(?:^[«\"„“]|[«\"„“](?=[а-яё]))(?i:(?:очень |просто |самый |самая |самое |такой )?"
    r"(?:отличн|прекрасн|замечательн|идеальн|шикарн|хорош|лучш|быстр|мгновенн|оперативн|срочн|вежлив|заботлив|"
    r"качествен|надежн|надёжн|свеж|вкусн|удобн|профессионал|клиентоориент|гарант|премиум|экспресс)\w*(?: \w+)?)[»\"”“]"
)
"""«очень «быстро»»: who quotes a word of praise does not mean it, and the classifier may take it for praise; of the
corpus's 21 such comments 20 are negative and 13 want something of us. With a capital in mid-sentence it is a name."""
_THANKS = re.compile(
    r"(?:(?:ок|окей|хорошо|понятно|ясно|понял|поняла|отлично|супер|разобрал(?:ся|ась)|спасибо|спс|благодарю|thanks?|thx|"
    r"you|большое|огромное|вам|за|ответ|помощь|всё|все)\b[\s.,!)❤️🙏🏻👍😊]*){1,8}",
    re.IGNORECASE,
)
_THANKING = re.compile(r"спасибо|спс|благодарю|thank|thx", re.IGNORECASE)
_APPEAL = re.compile(
    r"\W*(?:(?:ну|а|и|админ\w*|модератор\w*|ребята|пожалуйста|уважаем\w+)\W+){0,2}"
    r"(?:добавь|верни|сделай|открой|убери|удали|закрепи|исправь|почини|включи|выключи|проверь|перезвони|позвони|ответь|"
    r"разбань|разблокируй|помоги|выложи|опубликуй|продли|отмени|покажи|пришли|подскажи|уточни|сообщи|объясни|позови|"
    r"подключи|отключи|привези|замени|обнови|рассмотри|разбери|поставь|прими)те(?:сь)?\b",
    re.IGNORECASE,
)
"""A message that begins with a request for a service: whom, if not us, do people ask to unban or to restock?"""
_CALL = re.compile(
    r"\W*(?:ау|алл?[ёо]|эй)(?:\W+(?:ау|алл?[ёо]|эй|админ\w*|модератор\w*|есть кто(?:-нибудь)?))*\W*", re.IGNORECASE
)
"""A call and nothing else: whoever is to hear it is us."""
_COMMAND = re.compile(r"^/[a-z_]+(@\w+)?(\s+\S*)?$", re.IGNORECASE)
_NAMED = re.compile(r"(@\w+|\[(?:id|club)\d+\|[^\[\]]+\])")
_WORD = re.compile(r"\w", re.UNICODE)
_SILENT_MEDIA = {AttachmentKind.STICKER, AttachmentKind.ANIMATION}
_ASKING = {
    Intent.QUESTION: Why.QUESTION,
    Intent.COMPLAINT: Why.COMPLAINT,
    Intent.LEAD: Why.LEAD,
    Intent.PARTNERSHIP: Why.PARTNERSHIP,
}


def judge(
    kind: ConversationKind,
    text: str,
    media: tuple[AttachmentKind, ...],
    tags: Tagged,
    *,
    whom: Whom,
    in_draw: bool = False,
) -> NeedsAnswer:
    """The verdict on one message of a subscriber. `tags` are of `text`; `in_draw`: under a post in draw mode."""
    silent = _says_nothing(text, media)
    if silent is not None:
        return silent
    if kind is ConversationKind.DIRECT:
        return _judge_direct(text, tags)
    if _is_plus(text):
        return NeedsAnswer(needed=False, why=Why.PLUS)
    return _judge_public(text, tags, whom, in_draw=in_draw)


def _is_plus(text: str) -> bool:
    """«+», «участвую»: a hand raised under a post."""
    words = text.strip()
    return len(words) <= LONGEST_PLUS and _PLUS.match(words) is not None


def _says_nothing(text: str, media: tuple[AttachmentKind, ...]) -> NeedsAnswer | None:
    """The verdict on what has no words, None when there are some."""
    words = text.strip()
    if _WORD.search(words) or "?" in words:
        return None
    if _is_plus(words):
        return None
    if any(kind not in _SILENT_MEDIA for kind in media):
        return NeedsAnswer(needed=True, why=Why.MEDIA)
    if media:
        return NeedsAnswer(needed=False, why=Why.STICKER)
    return NeedsAnswer(needed=False, why=Why.EMOJI if words else Why.EMPTY)


def _judge_direct(text: str, tags: Tagged) -> NeedsAnswer:
    if _COMMAND.match(text.strip()):
        return NeedsAnswer(needed=False, why=Why.COMMAND)
    if tags.intent is Intent.SPAM and "intent" not in tags.unsure:
        return NeedsAnswer(needed=False, why=Why.SPAM)
    return NeedsAnswer(needed=True, why=Why.DIRECT)


def _judge_public(text: str, tags: Tagged, whom: Whom, *, in_draw: bool) -> NeedsAnswer:
    if _only_asks(text):
        return NeedsAnswer(needed=True, why=Why.QUESTION)
    if whom is Whom.US:
        return _judge_address(text, tags)
    if _names_only_friends(text):
        return NeedsAnswer(needed=False, why=Why.FRIEND)
    if whom is Whom.NOBODY and tags.intent is Intent.OTHER and _is_appeal(text):
        return NeedsAnswer(needed=True, why=Why.ADDRESSES_US)
    if _may_ask(tags, is_rare=in_draw or whom is Whom.SUBSCRIBER):
        return NeedsAnswer(needed=True, why=_ASKING.get(tags.intent, Why.UNSURE))
    trouble = _find_trouble(text, tags, whom, in_draw=in_draw)
    if trouble is not None:
        return NeedsAnswer(needed=True, why=trouble)
    if in_draw:
        return NeedsAnswer(needed=False, why=Why.DRAW)
    why = {Intent.PRAISE: Why.PRAISE, Intent.SPAM: Why.SPAM}.get(tags.intent, Why.TALK)
    return NeedsAnswer(needed=False, why=why)


def _only_asks(text: str) -> bool:
    """«?», «?!»: a question mark, with nothing but such signs around it."""
    return "?" in text and all(sign in "?!." or sign.isspace() for sign in text)


def _find_trouble(text: str, tags: Tagged, whom: Whom, *, in_draw: bool) -> Why | None:
    """What hides in turns of speech that the classifier may take for talk or praise."""
    if whom is Whom.SUBSCRIBER and tags.sentiment is Sentiment.NEGATIVE and _JOINS.search(text):
        return Why.COMPLAINT
    if whom is Whom.NOBODY and not in_draw and tags.intent is not Intent.SPAM and _IRONY.search(text):
        return Why.UNSURE
    return None


def _judge_address(text: str, tags: Tagged) -> NeedsAnswer:
    """What is said to us waits for us, but for bare thanks without a sting."""
    thanks = _THANKING.search(text) and _THANKS.fullmatch(text.strip()) and tags.sentiment is not Sentiment.NEGATIVE
    if thanks:
        return NeedsAnswer(needed=False, why=Why.PRAISE)
    return NeedsAnswer(needed=True, why=Why.ADDRESSES_US)


def _is_appeal(text: str) -> bool:
    return bool(_APPEAL.match(text) or _CALL.fullmatch(text))


def _may_ask(tags: Tagged, *, is_rare: bool) -> bool:
    """Whether the tags give all that asks enough of a chance; without chances (a person's word) the tag counts."""
    chances = tags.probabilities.get("intent")
    if chances:
        return sum(chances.get(intent.value, 0.0) for intent in _ASKING) >= (LIKELY_ASKS if is_rare else MAY_ASK)
    return not is_rare if "intent" in tags.unsure else tags.intent in _ASKING


def _names_only_friends(text: str) -> bool:
    """«@masha смотри»: a friend is called, with at most two words besides and no question."""
    if not _NAMED.search(text) or "?" in text:
        return False
    rest = _NAMED.sub(" ", text)
    return len(re.findall(r"\w+", rest)) <= 2
