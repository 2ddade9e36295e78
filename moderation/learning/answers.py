"""`python -m moderation.learning.answers`: is "needs an answer" told right of comments, on the path of intake?"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inbox.channels.events import AttachmentKind, ConversationKind
from inbox.conversations.addressee import Whom
from inbox.conversations.needs_answer import NeedsAnswer, judge
from inbox.conversations.tags import Tagged, Tagger
from inbox.core.errors import SetupError
from moderation.triage import load_tagger

TABLE = Path(__file__).parent.parent / "data" / "needs_answer.tsv"
HEADER = ("text", "parent", "mode", "media", "needs_answer", "reason")
"""`parent`: whom it answers (us, subscriber; empty: nobody) · `mode`: of the post, draw or empty · `media`: sticker or
photo, or empty."""
_PARENTS = {"": Whom.NOBODY, "us": Whom.US, "subscriber": Whom.SUBSCRIBER}
_MODES = frozenset({"", "draw"})
_MEDIA = frozenset({"", AttachmentKind.STICKER.value, AttachmentKind.PHOTO.value})


@dataclass(frozen=True, slots=True)
class Comment:
    """One labelled comment: what a reader of the thread says of it, and why."""

    text: str
    whom: Whom
    mode: str
    media: str
    needed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdicts on a table, in its order."""

    comments: Sequence[Comment]
    verdicts: Sequence[NeedsAnswer]

    @property
    def recall(self) -> float:
        """Share of those that need an answer which were found; 0..1."""
        return self._hits() / max(1, sum(one.needed for one in self.comments))

    @property
    def precision(self) -> float:
        """Share of the found which need one; 0..1."""
        return self._hits() / max(1, sum(one.needed for one in self.verdicts))

    def wrong(self) -> list[tuple[Comment, NeedsAnswer]]:
        """What was judged otherwise than labelled."""
        pairs = zip(self.comments, self.verdicts, strict=True)
        return [(comment, verdict) for comment, verdict in pairs if comment.needed is not verdict.needed]

    def _hits(self) -> int:
        return sum(one.needed and told.needed for one, told in zip(self.comments, self.verdicts, strict=True))


def read_comments(path: Path = TABLE) -> list[Comment]:
    """The labelled comments; SetupError names the line of a bad one."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if tuple(lines[0].split("\t")) != HEADER:
        raise SetupError(f"{path.name}, line 1: the header must be {' '.join(HEADER)}, tab-separated.")
    return [_read(line.split("\t"), f"{path.name}, line {place}") for place, line in enumerate(lines[1:], 2) if line]


def _read(cells: Sequence[str], where: str) -> Comment:
    if len(cells) != len(HEADER):
        raise SetupError(f"{where}: {len(cells)} columns, expected {len(HEADER)}.")
    text, parent, mode, media, needed, reason = cells
    if parent not in _PARENTS or mode not in _MODES or media not in _MEDIA or needed not in {"0", "1"}:
        raise SetupError(f"{where}: a parent, mode, medium or label that is not known.")
    return Comment(text, _PARENTS[parent], mode, media, needed == "1", reason)


def judge_comments(comments: Sequence[Comment], tagger: Tagger) -> Outcome:
    """Tag all, and judge each where it stands."""
    tags = tagger.tag([one.text for one in comments])
    return Outcome(comments, [_judge(one, tagged) for one, tagged in zip(comments, tags, strict=True)])


def _judge(comment: Comment, tagged: Tagged) -> NeedsAnswer:
    media = (AttachmentKind(comment.media),) if comment.media else ()
    in_draw = comment.mode == "draw"
    return judge(ConversationKind.COMMENT, comment.text, media, tagged, whom=comment.whom, in_draw=in_draw)


def describe(outcome: Outcome) -> str:
    """Figures first, then every wrong verdict in a line."""
    lines = [f"{len(outcome.comments)} comments: recall {outcome.recall:.3f}, precision {outcome.precision:.3f}"]
    for comment, verdict in outcome.wrong():
        lines.append(f"{'missed' if comment.needed else 'needless'}\t{comment.reason}\t{verdict.why}\t{comment.text}")
    return "\n".join(lines)


if __name__ == "__main__":
    table = Path(sys.argv[1]) if len(sys.argv) > 1 else TABLE
    sys.stdout.write(describe(judge_comments(read_comments(table), load_tagger(cache=False))) + "\n")
