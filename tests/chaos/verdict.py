"""After the storm: is everything there, once, answered once or uncertain, assigned, and nothing stuck?"""

from collections import Counter, defaultdict
from dataclasses import dataclass

import httpx
import psycopg
import redis

from inbox.channels.events import Platform
from inbox.core.stream import STREAM
from tests.chaos.writers import Truth


@dataclass(frozen=True, slots=True)
class Line:
    """One promise with what was found."""

    promise: str
    found: str
    is_kept: bool


class Ground:
    """The rows, the stream and the phones as they are now."""

    def __init__(self, dsn: str, redis_url: str, sim_url: str) -> None:
        self._dsn, self._redis_url, self._sim_url = dsn, redis_url, sim_url

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """A query's rows; a server that is away is an error."""
        with psycopg.connect(self._dsn, connect_timeout=5) as connection:
            return connection.execute(query.encode()).fetchall()

    def number(self, query: str) -> int:
        """The one number of a query."""
        return int(str(self.rows(query)[0][0]))

    def stream_length(self) -> int:
        """Entries on the intake stream."""
        with redis.Redis.from_url(self._redis_url, socket_timeout=5) as client:
            return int(client.xlen(STREAM))

    def heard(self, platform: str, author_id: int) -> list[str]:
        """Texts of ours that a subscriber sees, in order."""
        query: dict[str, str | int] = {"platform": platform, "author_id": author_id}
        answer = httpx.get(f"{self._sim_url}/sim/heard", params=query, timeout=20).raise_for_status()
        return [str(item["text"]) for item in answer.json()["items"]]

    def pending_updates(self) -> int:
        """Updates that Telegram still keeps for bots, and events that VK has still to bring by Callback."""
        waiting = 0
        for platform in Platform:
            query = {"platform": platform.value}
            answer = httpx.get(f"{self._sim_url}/sim/world", params=query, timeout=20).raise_for_status()
            waiting += sum(int(bot["pending"]) for bot in answer.json()["bots"])
        return waiting


UNSETTLED = "select count(*) from messages where delivery in ('queued', 'sending')"
JOBS = (
    "select task_name, count(*) from procrastinate_jobs where status in ('todo', 'doing') group by task_name order by 1"
)


def unrest(ground: Ground, truth: Truth) -> str:
    """What is still under way, in words; empty when all is quiet."""
    stored = ground.number("select count(*) from messages where direction = 'inbound'")
    counts = {
        "to receive": ground.pending_updates(),
        "on the stream": ground.stream_length(),
        "not stored": max(0, len(truth.said) - stored),
        "replies under way": ground.number(UNSETTLED),
        **{f"jobs {name}": int(str(count)) for name, count in ground.rows(JOBS)},
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def judge(ground: Ground, truth: Truth) -> list[Line]:
    """Every promise."""
    return [
        *_judge_messages(ground, truth),
        *_judge_replies(ground, truth),
        *_judge_rest(ground),
    ]


def _judge_messages(ground: Ground, truth: Truth) -> list[Line]:
    rows = ground.rows("select external_id, text from messages where direction = 'inbound'")
    stored = {str(external_id): str(text) for external_id, text in rows}
    lost = truth.said.keys() - stored.keys()
    invented = stored.keys() - truth.said.keys()
    wrong = [one for one, text in truth.said.items() if one in stored and stored[one] != text]
    doubled = len(rows) - len(stored)
    return [
        Line("every message is stored", f"{len(truth.said) - len(lost)} of {len(truth.said)}", not lost),
        Line("each once, none invented", f"{doubled} doubled, {len(invented)} invented", not doubled and not invented),
        Line("with its last text", f"{truth.edits} edits, {len(wrong)} wrong texts", not wrong),
    ]


def _judge_replies(ground: Ground, truth: Truth) -> list[Line]:
    rows = ground.rows(
        "select m.id, m.conversation_id, m.text, m.delivery, ch.platform, i.external_id from messages m"
        " join conversations c on c.id = m.conversation_id join identities i on i.id = c.identity_id"
        " join channels ch on ch.id = m.channel_id"
        " where m.direction = 'outbound' and m.author_agent_id is not null order by m.id"
    )
    authors = {(str(platform), int(str(author))) for *_, platform, author in rows}
    heard = {author: ground.heard(*author) for author in authors}
    counts = {author: Counter(texts) for author, texts in heard.items()}
    states = Counter(str(row[3]) for row in rows)
    broken, in_talk = Counter[str](), defaultdict(list)
    for _, conversation_id, text, delivery, platform, author in rows:
        who = str(platform), int(str(author))
        times = counts[who][str(text)]
        may_be_uncertain = platform == Platform.TELEGRAM
        is_kept = times == 1 if delivery == "sent" else may_be_uncertain and times <= 1 and delivery == "uncertain"
        broken[who[0]] += not is_kept
        if delivery == "sent":
            in_talk[conversation_id, who].append(str(text))
    in_vk = sum(row[4] == Platform.VK for row in rows)
    mixed = sum([text for text in heard[author] if text in texts] != texts for (_, author), texts in in_talk.items())
    rewritten = Counter(str(row[2]) for row in rows)
    as_acknowledged = {int(str(row[0])): (int(str(row[1])), str(row[2])) for row in rows} == truth.answers
    words = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    return [
        Line("a request repeated is one reply", f"{len(rows)} rows, {len(truth.answers)} acknowledged",
             as_acknowledged and all(count == 1 for count in rewritten.values())),
        Line("sent is heard once, uncertain at most once", f"{words}; {broken['telegram']} broken",
             broken["telegram"] == 0),
        Line("a reply in VK is heard exactly once", f"{in_vk} replies; {broken['vk']} broken", broken["vk"] == 0),
        Line("replies of a talk in order", f"{len(in_talk)} talks, {mixed} mixed up", mixed == 0),
    ]  # fmt: skip


def _judge_rest(ground: Ground) -> list[Line]:
    unassigned = ground.rows(
        "select c.id, c.status, c.needs_answer, m.id, m.edited_at from conversations c"
        " join messages m on m.conversation_id = c.id and m.direction = 'inbound' and m.needs_answer"
        " where c.assignee_id is null"
    )
    assigned = ground.number("select count(*) from conversations where assignee_id is not null")
    jobs, waiting, unsettled = ground.rows(JOBS), ground.stream_length(), ground.number(UNSETTLED)
    dead = ground.number("select count(*) from dead_events")
    holes = ground.number(
        "select count(*) from live_counters c where c.seq <>"
        " (select count(*) from live_events e where e.workspace_id = c.workspace_id)"
        " or c.seq <> (select coalesce(max(seq), 0) from live_events e where e.workspace_id = c.workspace_id)"
    )
    events = ground.number("select coalesce(sum(seq), 0) from live_counters")
    return [
        Line(
            "who needs an answer is assigned", f"{assigned} assigned, not: {unassigned[:3] or 'none'}", not unassigned
        ),
        Line("no job is stuck", f"{jobs or 'no'} jobs, {unsettled} replies under way", not jobs and unsettled == 0),
        Line("the stream is empty", f"{waiting} entries", waiting == 0),
        Line("no event died", f"{dead} dead", dead == 0),
        Line("live numbers without holes", f"{events} events, {holes} workspaces with holes", holes == 0),
    ]
