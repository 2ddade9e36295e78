"""What an alert says, as Telegram shows it: plain text and buttons; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.channels.events import ConversationKind
from inbox.channels.ringing import Button
from inbox.core.i18n import N_, Words
from routing.alerts.models import AlertKind

TEXT_SHOWN = 400
POST_SHOWN = 60
LINES = 10

TITLES: Mapping[AlertKind, tuple[str, str]] = {
    AlertKind.NEGATIVE: ("🔴", N_("Negative")),
    AlertKind.TOXIC: ("⚠️", N_("Toxic")),
    AlertKind.BREACH: ("⏰", N_("Not answered in time")),
    AlertKind.WARNING: ("⏳", N_("The promise is about to be broken")),
    AlertKind.CHANNEL: ("🔌", N_("A channel does not work")),
    AlertKind.SPIKE: ("📈", N_("More negative messages than usual")),
    AlertKind.LEAD: ("💰", N_("A lead waits")),
    AlertKind.RULE: ("🔔", N_("By a rule")),
    AlertKind.TEST: ("👋", N_("A test")),
}
PLACES: Mapping[ConversationKind, str] = {
    ConversationKind.DIRECT: N_("direct message"),
    ConversationKind.COMMENT: N_("comment"),
    ConversationKind.GROUP: N_("message in a group"),
    ConversationKind.MENTION: N_("mention"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that an alert may say; None where there is nothing, or where it is not to leave."""

    alert_id: int
    kind: AlertKind
    project: str
    occurred_at: datetime
    details: Mapping[str, object]
    channel: str | None = None
    place: ConversationKind | None = None
    post: str | None = None
    name: str | None = None
    text: str | None = None
    url: str | None = None
    has_conversation: bool = False


def say_alert(told: Told, words: Words, now: datetime) -> str:
    """One alert: what, where, who, the words themselves, and where to open it."""
    lines = [_title(told, words)]
    where = [part for part in (told.channel, _place(told, words)) if part]
    if where:
        lines.append(" · ".join(where))
    lines += _particulars(told, words, now)
    if told.name and told.text is not None:
        lines += ["", f"{told.name}: {_shorten(told.text, TEXT_SHOWN) or words.gettext('(no words)')}"]
    if told.url:
        lines += ["", told.url]
    return "\n".join(lines)


def _title(told: Told, words: Words) -> str:
    sign, title = TITLES[told.kind]
    rule = told.details.get("rule")
    return f"{sign} {words.gettext(title)}{f' «{rule}»' if rule else ''} · {told.project}"


def _place(told: Told, words: Words) -> str:
    if told.place is None:
        return ""
    place = words.gettext(PLACES[told.place])
    return f"{place}: «{_shorten(told.post, POST_SHOWN)}»" if told.post else place


def _particulars(told: Told, words: Words, now: datetime) -> list[str]:
    match told.kind:
        case AlertKind.BREACH | AlertKind.WARNING:
            due_at = told.details.get("due_at")
            if isinstance(due_at, str):
                return [words.until(datetime.fromisoformat(due_at), now)]
        case AlertKind.CHANNEL:
            return [words.gettext(str(told.details.get("reason") or ""))]
        case AlertKind.SPIKE:
            count, usual = told.details.get("count"), told.details.get("usual")
            return [words.gettext("%(count)s within an hour, usually %(usual)s", count=count, usual=usual)]
        case AlertKind.TEST:
            return [words.gettext("This is how alerts look here. Nothing happened.")]
        case AlertKind.LEAD:
            missed = words.gettext("%(name)s did not take it up in time", name=told.details.get("missed_by") or "—")
            return [missed, *(str(one) for one in (told.details.get("phone"),) if one)]
        case _:
            pass
    return []


def say_digest(told: Sequence[Told], words: Words, now: datetime) -> str:
    """What was held back: how many of each kind, and the newest of them in a line each."""
    counts = Counter(one.kind for one in told)
    sums = [f"{TITLES[kind][0]} {words.gettext(TITLES[kind][1])}: {count}" for kind, count in counts.items()]
    said = words.ngettext("While it was quiet: %(n)s alert", "While it was quiet: %(n)s alerts", len(told))
    lines = [f"{said} · {told[0].project}", *sums, ""]
    for one in sorted(told, key=lambda each: each.occurred_at, reverse=True)[:LINES]:
        who = f"{one.name}: {_shorten(one.text or '', 80)}" if one.name else one.channel or ""
        ago = words.ago(one.occurred_at, now)
        lines.append(" · ".join(part for part in (f"{TITLES[one.kind][0]} {ago}", who, one.url) if part))
    if len(told) > LINES:
        lines.append(words.gettext("…and %(n)s more in the panel", n=len(told) - LINES))
    return "\n".join(lines)


def buttons_of(told: Told, words: Words, *, taken: bool = False) -> tuple[tuple[Button, ...], ...]:
    """Take · not negative; quiet for an hour."""
    first: list[Button] = []
    if told.has_conversation and not taken:
        first.append(Button(words.gettext("Take"), f"take:{told.alert_id}"))
    if told.kind in {AlertKind.NEGATIVE, AlertKind.TOXIC}:
        fine = words.gettext("Not negative") if told.kind is AlertKind.NEGATIVE else words.gettext("Not toxic")
        first.append(Button(fine, f"fine:{told.alert_id}"))
    hush = (Button(words.gettext("Quiet for an hour"), f"hush:{told.alert_id}"),)
    return (tuple(first), hush) if first else (hush,)


def say_muted(until: datetime, zone: str, words: Words) -> str:
    """Until when nothing rings."""
    said = N_("Quiet until %(time)s. What happens meanwhile comes in one message.")
    return words.gettext(said, time=words.time(until, zone))


MUTE_FOR = timedelta(hours=1)


def _shorten(text: str, most: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"
