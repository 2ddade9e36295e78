"""Which conversations a page lists: its view, filters and order, to and from its address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from inbox.agents.frame import Place
from inbox.channels.events import ConversationKind
from inbox.conversations.filters import Filters, Order, SlaView
from inbox.conversations.models import Outcome, Status
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.i18n import N_


class View(StrEnum):
    """A line of the left column."""

    MINE = "mine"
    MENTIONED = "mentioned"
    UNASSIGNED = "unassigned"
    OPEN = "open"
    DUE_SOON = "due_soon"
    BREACHED = "breached"
    ASIDE = "aside"
    UNDELIVERED = "undelivered"
    LEADS = "leads"
    NEGATIVE = "negative"
    UNSURE = "unsure"
    HELD = "held"
    AUTOMATIC = "automatic"
    CLOSED = "closed"


FILTERS: Mapping[View, Filters] = {
    View.MINE: Filters(assignee="me", status=Status.OPEN),
    View.MENTIONED: Filters(mentioned=True),
    View.UNASSIGNED: Filters(assignee="none", needs_answer=True),
    View.OPEN: Filters(status=Status.OPEN),
    View.DUE_SOON: Filters(sla=SlaView.DUE_SOON),
    View.BREACHED: Filters(sla=SlaView.BREACHED),
    View.ASIDE: Filters(aside=True),
    View.UNDELIVERED: Filters(undelivered=True),
    View.LEADS: Filters(intent=Intent.LEAD, needs_answer=True),
    View.NEGATIVE: Filters(sentiment=Sentiment.NEGATIVE, needs_answer=True),
    View.UNSURE: Filters(unsure=True, closed=False),
    View.HELD: Filters(held=True),
    View.AUTOMATIC: Filters(outcome=Outcome.NO_ANSWER_NEEDED_AUTOMATIC),
    View.CLOSED: Filters(closed=True),
}
TITLES: Mapping[View, str] = {
    View.MINE: N_("Mine"),
    View.MENTIONED: N_("Calls for me"),
    View.UNASSIGNED: N_("Nobody took"),
    View.OPEN: N_("All open"),
    View.DUE_SOON: N_("Burning"),
    View.BREACHED: N_("Late"),
    View.ASIDE: N_("Put aside"),
    View.UNDELIVERED: N_("Did not arrive"),
    View.LEADS: N_("Leads"),
    View.NEGATIVE: N_("Negative"),
    View.UNSURE: N_("Check the tag"),
    View.HELD: N_("Suspicious"),
    View.AUTOMATIC: N_("No answer needed (automatic)"),
    View.CLOSED: N_("All closed"),
}
ORDERS: Mapping[View, Order] = {
    View.MENTIONED: Order.CALLED, View.ASIDE: Order.WAKING, View.AUTOMATIC: Order.NEWEST, View.CLOSED: Order.NEWEST,
}  # fmt: skip
"""Views that have an order of their own; in the others the reader chooses."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address says, beside the project. A search (`q`) looks through everything, closed ones too."""

    view: View = View.OPEN
    order: Order = Order.URGENT
    channel_id: int | None = None
    kind: ConversationKind | None = None
    waiting: bool = False
    q: str = ""

    def filters(self, ws: Place, ids: tuple[int, ...] | None = None) -> Filters:
        """For the service; `ids` narrows them to rows that a page already knows of."""
        base = Filters() if self.q else FILTERS[self.view]
        return replace(
            base,
            workspace_id=ws if isinstance(ws, int) else None,
            channel_id=self.channel_id,
            kind=self.kind,
            needs_answer=True if self.waiting else base.needs_answer,
            q=self.q or None,
            folded=None if self.q or self.view is View.MENTIONED else False,
            ids=ids,
            order=Order.NEWEST if self.q else ORDERS.get(self.view, self.order),
        )

    def query(self, **changes: object) -> str:
        """The address's query, with `changes`; defaults are left out."""
        now = {
            "view": self.view, "order": self.order, "channel_id": self.channel_id, "kind": self.kind,
            "waiting": "1" if self.waiting else None, "q": self.q,
        }  # fmt: skip
        parts = now | changes
        parts["waiting"] = "1" if parts["waiting"] else None
        plain = {"view": View.OPEN, "order": Order.URGENT}
        kept = {name: value for name, value in parts.items() if value and value != plain.get(name)}
        encoded = urlencode({name: str(value) for name, value in kept.items()})
        return f"?{encoded}" if encoded else ""

    @property
    def has_orders(self) -> bool:
        """Whether the reader chooses the order."""
        return not self.q and self.view not in ORDERS

    @property
    def is_suspicious(self) -> bool:
        """Whether the list is the queue of suspicious messages."""
        return self.view is View.HELD and not self.q

    @property
    def is_of_calls(self) -> bool:
        """Whether the list is of notes that call the reader."""
        return self.view is View.MENTIONED and not self.q

    @property
    def title(self) -> str:
        """The list's heading, untranslated."""
        return N_("Search") if self.q else TITLES[self.view]


def read_choice(
    view: View = View.OPEN,
    order: Order = Order.URGENT,
    channel_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    kind: ConversationKind | None = None,
    waiting: bool = False,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Choice:
    """From the address."""
    return Choice(view, order, channel_id, kind, waiting, q.strip())


ChoiceDep = Annotated[Choice, Depends(read_choice)]
