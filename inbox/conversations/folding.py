"""Draw mode: comments that say what everybody says fold into one row a post, with a count.

Folded are the short ones («+», «участвую», an emoji, a friend's name) and longer ones of equal words, as long as they
closed by themselves and nobody has them. What asks, complains, is rude or looks like spam stands in the lists as ever.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, func, not_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.models import Conversation, Outcome, PostMode
from inbox.conversations.needs_answer import Why
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.bulk import among

SHORT = 60
"""Characters up to which a comment of a draw that wants nothing is like all others."""
_WORDLESS = frozenset({Why.PLUS, Why.EMOJI, Why.STICKER, Why.FRIEND, Why.EMPTY})


def folded() -> ColumnElement[bool]:
    """Conversations that stand in their post's folded row instead of the lists."""
    return and_(
        Conversation.foldable,
        Conversation.outcome.is_not_distinct_from(Outcome.NO_ANSWER_NEEDED_AUTOMATIC),
        not_(Conversation.held),
        Conversation.assignee_id.is_(None),
    )


def is_folded(one: Conversation) -> bool:
    """The same for a loaded one."""
    is_quiet = one.outcome is Outcome.NO_ANSWER_NEEDED_AUTOMATIC and not one.held and one.assignee_id is None
    return one.foldable and is_quiet


def is_foldable(mode: PostMode | None, conversation: Conversation, words: str, why: str) -> bool:
    """Whether the comment that speaks for it (its `words`, and `why` it needs no answer) says nothing of its own."""
    if mode is not PostMode.DRAW:
        return False
    return why in _WORDLESS or (_is_plain(conversation, why) and len(words) <= SHORT)


def may_repeat(mode: PostMode | None, conversation: Conversation) -> bool:
    """Whether it would fold if somebody else wrote the same."""
    is_alone = mode is PostMode.DRAW and not conversation.foldable
    return is_alone and _is_plain(conversation, conversation.needs_answer_why)


async def fold_wordless(session: AsyncSession, post_id: int, mode: PostMode) -> None:
    """A post's mode has changed: fold what says nothing, or unfold all, in one statement.

    Of these the verdict stays; where it changes, `refresh` decides.
    """
    chosen = Conversation.needs_answer_why.in_([why.value for why in sorted(_WORDLESS)])
    which = chosen if mode is PostMode.DRAW else Conversation.foldable
    await session.execute(
        update(Conversation)
        .where(Conversation.post_id == post_id, which)
        .values(foldable=mode is PostMode.DRAW)
        .execution_options(synchronize_session=False)
    )


async def fold_equal(session: AsyncSession, long: Collection[Conversation]) -> None:
    """Fold those of these comments whose words somebody else wrote under the same post, and the other's with them."""
    if not long:
        return
    rows = await session.execute(
        select(Conversation.id, Conversation.post_id, Conversation.preview).where(
            among(Conversation.post_id, {one.post_id for one in long if one.post_id is not None}),
            Conversation.needs_answer_why == Why.DRAW.value,
            Conversation.intent.is_distinct_from(Intent.SPAM),
            Conversation.sentiment.is_distinct_from(Sentiment.NEGATIVE),
            not_(Conversation.toxic),
            func.length(Conversation.preview) > SHORT,
        )
    )
    same: defaultdict[tuple[int | None, str], set[int]] = defaultdict(set)
    for conversation_id, post_id, preview in rows:
        same[(post_id, _key(preview))].add(conversation_id)
    found = {(one.post_id, _key(one.preview)) for one in long}
    repeated: Sequence[int] = sorted(one for key in found if len(same[key]) > 1 for one in same[key])
    if repeated:
        await session.execute(update(Conversation).where(among(Conversation.id, repeated)).values(foldable=True))


def _is_plain(conversation: Conversation, why: str) -> bool:
    is_sharp = conversation.toxic or conversation.sentiment is Sentiment.NEGATIVE
    return why == Why.DRAW and not is_sharp and conversation.intent is not Intent.SPAM


def _key(words: str) -> str:
    """Letters and digits alone, in one case: «Хочу!» and «хочу» are equal."""
    return "".join(letter for letter in words.casefold() if letter.isalnum())
