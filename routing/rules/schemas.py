"""Rules over the API: in, out, and what a dry run tells."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from inbox.core.web.fields import Id
from routing.rules.actions import ACTIONS, Action
from routing.rules.conditions import CONDITIONS, Condition
from routing.rules.dry_run import DAYS, DryRun
from routing.rules.models import Rule

RuleName = Annotated[str, Field(min_length=1, max_length=120)]
Conditions = Annotated[list[Condition], Field(max_length=20)]
Actions = Annotated[list[Action], Field(max_length=20)]


class RuleOut(BaseModel):
    """When all conditions hold, the actions are done."""

    id: int
    workspace_id: int
    name: str
    position: int = Field(description="Rules are tried in this order.")
    enabled: bool
    stops: bool = Field(description="When it matches, the rules after it are not tried.")
    conditions: list[Condition]
    actions: list[Action]

    @classmethod
    def of(cls, rule: Rule) -> "RuleOut":
        """From the row."""
        return cls(
            id=rule.id, workspace_id=rule.workspace_id, name=rule.name, position=rule.position,
            enabled=rule.is_enabled, stops=rule.stops, conditions=CONDITIONS.validate_python(rule.conditions),
            actions=ACTIONS.validate_python(rule.actions),
        )  # fmt: skip


class RuleIn(BaseModel):
    """A new rule; without a position it is tried first."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: Id
    name: RuleName
    position: int = Field(default=0, ge=0, le=10_000)
    enabled: bool = True
    stops: bool = True
    conditions: Conditions = Field(default_factory=list)
    actions: Actions = Field(min_length=1)


class RulePatch(BaseModel):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: RuleName | None = None
    position: int | None = Field(default=None, ge=0, le=10_000)
    enabled: bool | None = None
    stops: bool | None = None
    conditions: Conditions | None = None
    actions: Actions | None = Field(default=None, min_length=1)


class DryRunIn(BaseModel):
    """Try a draft (`conditions`, with `rule_id` in that rule's place), or with neither all rules as they are."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: Id
    rule_id: Id | None = None
    conditions: Conditions | None = None
    actions: Actions = Field(default_factory=list)
    days: int = Field(default=DAYS, ge=1, le=DAYS)
    limit: int = Field(default=50, ge=1, le=200, description="Messages that are listed; all are counted.")


class WouldHaveOut(BaseModel):
    """A message with what would have happened. `rule_id` null: the draft."""

    message_id: int
    conversation_id: int
    contact: str
    text: str
    sent_at: datetime
    rule_id: int | None
    rule: str | None
    actions: list[Action]


class DryRunOut(BaseModel):
    """`is_cut`: there were more messages than `looked_at`. `overtaken`: an earlier rule would have kept them."""

    looked_at: int
    is_cut: bool
    matched: int
    conversations: int
    overtaken: int
    items: list[WouldHaveOut]

    @classmethod
    def of(cls, run: DryRun, limit: int) -> "DryRunOut":
        """From the service."""
        items = [
            WouldHaveOut(
                message_id=one.subject.message_id, conversation_id=one.subject.conversation_id, contact=one.contact,
                text=one.subject.text, sent_at=one.subject.sent_at, rule_id=one.rule.id or None,
                rule=one.rule.name or None, actions=list(one.rule.actions),
            )
            for one in run.found[:limit]
        ]  # fmt: skip
        return cls(
            looked_at=run.looked_at, is_cut=run.is_cut, matched=run.matched, conversations=run.conversations,
            overtaken=run.overtaken, items=items,
        )  # fmt: skip
