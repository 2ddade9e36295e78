"""Rules in words: what each part is called, its choices, and a rule as a sentence in the reader's language."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from inbox.core.i18n import N_, Words
from routing.rules.actions import (
    Action,
    AddLabels,
    AddNote,
    Assign,
    Beyond,
    Close,
    HandToTeam,
    Hold,
    MakeLead,
    Mention,
    RingAlarm,
    SendAutoReply,
    SetPolicy,
    SetPriority,
    Snooze,
    TellWebhook,
)
from routing.rules.conditions import (
    ChannelIs,
    Condition,
    ContactIs,
    HoursAre,
    MatchesExpression,
    PostIs,
    WordsIn,
)

Choices = Mapping[str, str]

CONDITION_TITLES: Choices = {
    "intent": N_("What the subscriber wants"),
    "sentiment": N_("Mood"),
    "toxic": N_("Insult"),
    "unsure": N_("The tag is unsure"),
    "needs_answer": N_("Needs an answer"),
    "words": N_("Words in the text"),
    "expression": N_("Regular expression"),
    "language": N_("Language"),
    "kind": N_("Where it was written"),
    "channel": N_("Channel"),
    "platform": N_("Platform"),
    "post": N_("Post"),
    "post_mode": N_("Mode of the post"),
    "hours": N_("Working hours"),
    "first_message": N_("First message of the contact"),
    "previous_state": N_("What the conversation was before"),
    "priority": N_("Priority"),
    "label": N_("Label of the conversation"),
    "contact": N_("Contact's name or note"),
    "contact_label": N_("Label of the contact"),
}
ACTION_TITLES: Choices = {
    "team": N_("Hand to a team"),
    "assign": N_("Give to a person"),
    "priority": N_("Set the priority"),
    "policy": N_("Set the promise"),
    "label": N_("Add labels"),
    "hold": N_("Flag as suspicious"),
    "snooze": N_("Snooze"),
    "close": N_("Close: no answer needed"),
    "note": N_("Leave a note"),
    "mention": N_("Mention a colleague"),
    "auto_reply": N_("Send an auto-reply"),
    "alert": N_("Ring in the alert chat"),
    "lead": N_("Make it a lead"),
    "webhook": N_("Tell a webhook"),
}
CHOICES: Mapping[str, Choices] = {
    "intent": {
        "lead": N_("lead"), "complaint": N_("complaint"), "question": N_("question"), "praise": N_("praise"),
        "partnership": N_("partnership"), "spam": N_("spam"), "other": N_("other"),
    },
    "sentiment": {"negative": N_("negative"), "neutral": N_("neutral"), "positive": N_("positive")},
    "kind": {
        "direct": N_("direct message"), "comment": N_("comment under a post"), "group": N_("group chat"),
        "mention": N_("mention elsewhere"),
    },
    "platform": {"telegram": N_("Telegram"), "vk": N_("VK")},
    "post_mode": {
        "normal": N_("ordinary"), "draw": N_("prize draw"), "promo": N_("promotion"), "crisis": N_("crisis"),
    },
    "hours": {"open": N_("while the project is open"), "closed": N_("while the project is closed")},
    "previous_state": {
        "new": N_("there was none"), "open": N_("open"), "waiting_subscriber": N_("waiting for the subscriber"),
        "waiting_client": N_("waiting for the client company"), "snoozed": N_("snoozed"), "closed": N_("closed"),
    },
    "priority": {"low": N_("low"), "normal": N_("normal"), "high": N_("high"), "urgent": N_("urgent")},
    "language": {
        "ru": N_("Russian"), "uk": N_("Ukrainian"), "be": N_("Belarusian"), "kk": N_("Kazakh"),
        "latin": N_("Latin letters"), "other": N_("another script"), "none": N_("no letters"),
    },
    "contact": {"name": N_("name"), "username": N_("username"), "note": N_("note")},
    "choose": {
        "round_robin": N_("by turns"), "least_loaded": N_("to whoever has most room"),
        "sticky": N_("to the same person as before"), "nobody": N_("to nobody in particular"),
    },
}  # fmt: skip
_YES_NO: Mapping[str, tuple[str, str]] = {
    "toxic": (N_("it is an insult"), N_("it is no insult")),
    "unsure": (N_("the tag is unsure"), N_("the tag is sure")),
    "needs_answer": (N_("it needs an answer"), N_("it needs no answer")),
    "first_message": (N_("the contact writes for the first time"), N_("the contact has written before")),
}
_ANY_OF: Choices = {
    "intent": N_("the subscriber wants: %(what)s"),
    "sentiment": N_("the mood is %(what)s"),
    "language": N_("the language is %(what)s"),
    "kind": N_("it is a %(what)s"),
    "platform": N_("it came by %(what)s"),
    "post_mode": N_("the post's mode is %(what)s"),
    "previous_state": N_("the conversation was: %(what)s"),
    "priority": N_("the priority is %(what)s"),
    "label": N_("the conversation has the label %(what)s"),
    "contact_label": N_("the contact has the label %(what)s"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What ids in rules stand for; a name that is gone is shown as such."""

    teams: Mapping[int, str] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[int, str] = field(default_factory=dict)
    posts: Mapping[int, str] = field(default_factory=dict)
    auto_replies: Mapping[int, str] = field(default_factory=dict)
    webhooks: Mapping[int, str] = field(default_factory=dict)
    policies: Mapping[int, str] = field(default_factory=dict)


def condition_in_words(condition: Condition, names: Names, words: Words) -> str:
    """«обращение — лид», as a part of a sentence."""
    said = _condition(condition, names, words)
    return words.gettext(N_("except when %(condition)s"), condition=said) if condition.negate else said


def action_in_words(action: Action, names: Names, words: Words) -> str:
    """«передать команде «Продажи», по очереди», as a part of a sentence."""
    match action:
        case HandToTeam():
            team = _known(names.teams, [action.team_id], words)
            how = _choice("choose", action.choose, words)
            return words.gettext(N_("hand to the team %(team)s, %(how)s"), team=team, how=how)
        case Assign():
            return _assigned(action, names, words)
        case SetPolicy():
            what = _known(names.policies, [action.policy_id], words)
            return words.gettext(N_("time it by the promise %(what)s"), what=what)
        case Hold() | Close():
            return words.gettext(
                N_("flag as suspicious") if isinstance(action, Hold) else N_("close: no answer needed")
            )
        case Snooze():
            if action.hours is None:
                return words.gettext(N_("snooze until the project opens"))
            return words.ngettext("snooze for %(n)s hour", "snooze for %(n)s hours", action.hours)
        case SendAutoReply() | RingAlarm() | MakeLead() | TellWebhook():
            return _beyond(action, names, words)
        case _:
            return _marked(action, names, words)


def _beyond(action: Beyond, names: Names, words: Words) -> str:
    match action:
        case SendAutoReply():
            reply = _known(names.auto_replies, [action.auto_reply_id], words)
            return words.gettext(N_("send the auto-reply %(what)s"), what=reply)
        case TellWebhook():
            return words.gettext(
                N_("tell the webhook %(what)s"), what=_known(names.webhooks, [action.webhook_id], words)
            )
        case RingAlarm():
            return words.gettext(N_("ring in the alert chat"))
        case MakeLead():
            return words.gettext(N_("make it a lead"))


def _assigned(action: Assign, names: Names, words: Words) -> str:
    match action.to:
        case "owner":
            return words.gettext(N_("give to the owner"))
        case "on_shift":
            return words.gettext(N_("give to whoever is on shift"))
        case _:
            who = _known(names.people, [action.agent_id or 0], words)
            return words.gettext(N_("give to %(name)s"), name=who)


def _marked(action: SetPriority | AddLabels | AddNote | Mention, names: Names, words: Words) -> str:
    match action:
        case SetPriority():
            what = _choice("priority", action.value, words)
            return words.gettext(N_("set the priority: %(what)s"), what=what)
        case AddLabels():
            return words.gettext(N_("add the label %(what)s"), what=_quoted(action.names))
        case AddNote():
            return words.gettext(N_("leave the note %(what)s"), what=_quoted([action.text]))
        case Mention():
            return words.gettext(N_("mention %(name)s"), name=_known(names.people, [action.agent_id], words))


def _condition(condition: Condition, names: Names, words: Words) -> str:
    match condition:
        case WordsIn():
            return words.gettext(N_("the text has %(what)s"), what=_either(condition.any_of, words))
        case MatchesExpression():
            return words.gettext(N_("the text matches %(what)s"), what=condition.pattern)
        case ChannelIs():
            return words.gettext(N_("the channel is %(what)s"), what=_known(names.channels, condition.any_of, words))
        case PostIs():
            return words.gettext(N_("the post is %(what)s"), what=_known(names.posts, condition.any_of, words))
        case ContactIs():
            where = _choice("contact", condition.name, words)
            what = _either(condition.any_of, words)
            return words.gettext(N_("the contact's %(where)s has %(what)s"), where=where, what=what)
        case HoursAre():
            return _choice("hours", condition.value, words)
        case _:
            return _plain(condition, words)


def _plain(condition: Condition, words: Words) -> str:
    yes_no = _YES_NO.get(condition.field)
    if yes_no is not None:
        said = words.gettext(yes_no[0] if getattr(condition, "value", True) else yes_no[1])
    else:
        labels = CHOICES.get(condition.field, {})
        values: Sequence[Enum | str] = getattr(condition, "any_of", ())
        shown = [words.gettext(labels[str(one)]) if str(one) in labels else f"«{one}»" for one in values]
        said = words.gettext(_ANY_OF[condition.field], what=_or(shown, words))
    least = getattr(condition, "min_probability", None)
    if least is not None:
        return words.gettext(N_("%(what)s (surely by %(percent)s%%)"), what=said, percent=round(least * 100))
    return said


def _choice(kind: str, value: str, words: Words) -> str:
    said = CHOICES[kind][value]
    return words.gettext(said)


def _known(names: Mapping[int, str], ids: Iterable[int], words: Words) -> str:
    return _or([f"«{names[one]}»" if one in names else words.gettext(N_("what is gone")) for one in ids], words)


def _either(texts: Sequence[str], words: Words) -> str:
    return _or([f"«{text}»" for text in texts], words)


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f"«{text if len(text) <= 40 else text[:39] + '…'}»" for text in texts)


def _or(parts: Sequence[str], words: Words) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return words.gettext(N_("%(first)s or %(last)s"), first=", ".join(parts[:-1]), last=parts[-1])
