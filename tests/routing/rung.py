"""A bridge whose bot has an alert chat, with colleagues who have phones."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select, update

from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.agents.tokens import load_caller
from inbox.conversations.tags import Intent, OwnModel, Sentiment, Tagged
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import Membership, Role
from routing.alerts.linking import make_code
from routing.alerts.models import Alert, AlertKind
from routing.alerts.sweeping import sweep_alerts
from tests.routing.bridge import Bridge, open_bridge
from tests.servers import TestServers

BOSS, HELPER, STRANGER = 900, 901, 902
NAMES = {BOSS: "Ольга Демидова", HELPER: "Мария Ковалёва", STRANGER: "Чужой"}


class MoodTagger:
    """«ужас» is negative, «дурак» toxic, «цена» a lead, «наверное» unsure."""

    model_version = "words"
    figures: Mapping[str, object] = {}

    def tag(self, texts: Sequence[str], own: OwnModel | None = None, *, hurried: bool = False) -> list[Tagged]:
        return [self._tag(text) for text in texts]

    def _tag(self, text: str) -> Tagged:
        mood = Sentiment.NEGATIVE if "ужас" in text else Sentiment.NEUTRAL
        intent = Intent.LEAD if "цена" in text else Intent.OTHER
        unsure = frozenset({"sentiment", "toxic"}) if "наверное" in text else frozenset[str]()
        return Tagged(mood, intent, "дурак" in text, False, {}, unsure, {}, "words")


@dataclass(slots=True)
class Seen:
    """A message of the bot in a chat, as a phone shows it; `buttons`: words → value."""

    message_id: int
    text: str
    buttons: dict[str, str]


@dataclass(slots=True)
class Rung:
    """`boss` owns the project and is linked, `helper` is a moderator, linked when a test says so."""

    bridge: Bridge
    boss_id: int
    helper_id: int

    async def hire(self, name: str, role: Role, teams: Sequence[str] = ("moderators",)) -> int:
        """A person of this role."""
        agent_id = await self.bridge.desk.add_agent(name.lower(), teams)
        async with self.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
            await session.execute(update(Membership).where(Membership.agent_id == agent_id).values(role=role))
            await session.execute(update(Agent).where(Agent.id == agent_id).values(name=name))
        return agent_id

    async def caller(self, agent_id: int) -> Caller:
        """The person as a caller."""
        async with self.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
            return await load_caller(session, await session.get_one(Agent, agent_id), 0)

    async def code(self, agent_id: int, *, for_chat: bool = False) -> str:
        """A one-time code as the settings page shows it."""
        caller, desk = await self.caller(agent_id), self.bridge.desk
        async with desk.context.transaction(EVERY_WORKSPACE) as session:
            return await make_code(session, caller, desk.workspace_id if for_chat else None, desk.context.clock())

    async def say_in_group(self, words: str, who: int, reply_to: int | None = None) -> None:
        """Somebody writes in the alert chat, and jobs run."""
        body = {"text": words, "kind": "group", "author": {"id": who, "name": NAMES[who]}, "reply_to": reply_to}
        await self.bridge.simulate("say", **body)
        await self.bridge.pull()
        await self.bridge.work()

    async def link(self, agent_id: int, who: int) -> None:
        """A person links their Telegram by /start in private."""
        await self.bridge.say(f"/start {await self.code(agent_id)}", who=who, name=NAMES[who])
        await self.bridge.work()

    async def press(self, seen: Seen, button: str, who: int) -> str | None:
        """Press a button in the alert chat; returns what the bot said to it."""
        author = {"id": who, "name": NAMES[who]}
        pressed = await self.bridge.simulate(
            "press", author=author, message_id=seen.message_id, value=seen.buttons[button]
        )
        await self.bridge.pull()
        await self.bridge.work()
        params = {"platform": "telegram", "press_id": str(pressed["press_id"])}
        said: str | None = (await self.bridge.phone.get("/sim/press", params=params)).json()["text"]
        return said

    async def chat(self, kind: str = "group", who: int = BOSS) -> list[Seen]:
        """What the bot said in the alert chat, or to a colleague in private."""
        params = {"platform": "telegram", "author_id": str(who), "kind": kind}
        items = (await self.bridge.phone.get("/sim/view", params=params)).json()["items"]
        return [
            Seen(one["message_id"], one["text"], {key["text"]: key["value"] for row in one["buttons"] for key in row})
            for one in items
            if one["who"] == "bot"
        ]

    async def rings(self) -> list[Seen]:
        """The alerts in the chat, without the word that it was linked."""
        return (await self.chat())[1:]

    async def sweep(self) -> None:
        """What time brings, and its jobs."""
        async with self.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
            await sweep_alerts(session, self.bridge.clock.now)
        await self.bridge.work()

    async def alerts(self, kind: AlertKind | None = None) -> list[Alert]:
        """The rows, oldest first."""
        async with self.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.scalars(select(Alert).order_by(Alert.id))
            return [one for one in rows if kind in {None, one.kind}]


@asynccontextmanager
async def open_rung(servers: TestServers, now: datetime | None = None) -> AsyncIterator[Rung]:
    """The group is linked by the boss's code, the boss's Telegram too."""
    async with open_bridge(servers, now) as bridge:
        bridge.desk.context = replace(bridge.desk.context, tagger=MoodTagger())
        rung = Rung(bridge, 0, 0)
        rung.boss_id = await rung.hire("Ольга", Role.OWNER, [])
        rung.helper_id = await rung.hire("Мария", Role.MODERATOR)
        await rung.say_in_group(f"/link {await rung.code(rung.boss_id, for_chat=True)}", BOSS)
        await rung.link(rung.boss_id, BOSS)
        yield rung
