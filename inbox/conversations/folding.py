"""Draw mode: comments that say what everybody says fold into one row a post, with a count.

Folded are the short ones («+», «участвую», an emoji, a friend's name) and longer ones of equal words, as long as they
closed by themselves, nobody has them, and nothing else that their author wrote there says more. What asks, complains,
is rude or looks like spam stands in the lists as ever.
"""

from collections.abc import Collection, Mapping
from hashlib import blake2b

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from inbox.conversations.models import Conversation, Direction, Message, Outcome, PostMode, Tags
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


def write_foldable(conversation: Conversation, words: str, why: str) -> None:
    """Under a draw, by the comment that speaks for it (its `words`, and `why` it needs no answer).

    A long one that was folded with its equals stays so as long as it says the same.
    """
    is_plain = _is_plain(conversation, why)
    key = key_of(words) if is_plain and len(words) > SHORT else None
    if key is None:
        conversation.foldable = is_plain or why in _WORDLESS
    elif key != conversation.fold_key:
        conversation.foldable = False
    conversation.fold_key = key


def write_unfoldable(conversation: Conversation) -> None:
    """It says something of its own, or there is no draw."""
    conversation.foldable, conversation.fold_key = False, None


async def find_outspoken(session: AsyncSession, leading: Mapping[int, int]) -> set[int]:
    """Of these conversations (each with the message that speaks for it) those whose other comments say something."""
    if not leading:
        return set()
    found = await session.scalars(
        select(Message.conversation_id)
        .distinct()
        .outerjoin(Tags, Tags.message_id == Message.id)
        .where(among(Message.conversation_id, leading), not_(among(Message.id, leading.values())), _says_something())
    )
    return set(found)


async def fold_wordless(session: AsyncSession, post_id: int, mode: PostMode, others: Collection[int]) -> None:
    """A post's mode has changed and its messages are judged: fold what says nothing, or unfold all, in one statement.

    Of these the verdict stays; where it changes, `refresh` decides. It locks `others`, too, which the caller refreshes
    afterwards: all are locked here, in id order.
    """
    spoken = (
        select(Message.id)
        .outerjoin(Tags, Tags.message_id == Message.id)
        .where(Message.conversation_id == Conversation.id, _says_something())
        .correlate(Conversation)
        .exists()
    )
    wordless = Conversation.needs_answer_why.in_([why.value for why in sorted(_WORDLESS)])
    to_fold = and_(wordless, not_(Conversation.foldable), not_(spoken))
    is_draw = mode is PostMode.DRAW
    which = to_fold if is_draw else or_(Conversation.foldable, Conversation.fold_key.is_not(None))
    rows = await session.execute(
        select(Conversation.id, which)
        .where(Conversation.post_id == post_id, or_(which, among(Conversation.id, others)))
        .order_by(Conversation.id)
        .with_for_update(key_share=True)
    )
    if changed := [conversation_id for conversation_id, is_meant in rows if is_meant]:
        await session.execute(
            update(Conversation)
            .where(among(Conversation.id, changed))
            .values(foldable=is_draw, fold_key=None)
            .execution_options(synchronize_session=False)
        )


async def fold_equal(session: AsyncSession, long: Collection[Conversation]) -> None:
    """Fold those of these comments whose words somebody else wrote under the same post, and the other's with them.

    Only what stands apart is written, and what somebody works on is not waited for: the next equal comment folds it.
    """
    keys = sorted({(one.post_id, one.fold_key) for one in long if one.post_id is not None and one.fold_key is not None})
    if not keys:
        return
    other = aliased(Conversation)
    again = exists().where(
        other.post_id == Conversation.post_id, other.fold_key == Conversation.fold_key, other.id != Conversation.id
    )
    apart = await session.scalars(
        select(Conversation.id)
        .where(
            tuple_(Conversation.post_id, Conversation.fold_key).in_(keys),
            Conversation.foldable == false(),
            again,
        )
        .order_by(Conversation.id)
        .with_for_update(key_share=True, skip_locked=True, of=Conversation)
    )
    if found := apart.all():
        await session.execute(update(Conversation).where(among(Conversation.id, found)).values(foldable=True))


def key_of(words: str) -> str:
    """Equal for equal letters and digits in any case: «Хочу!» and «хочу»."""
    bare = "".join(letter for letter in words.casefold() if letter.isalnum())
    return blake2b(bare.encode(), digest_size=16).hexdigest()


def _is_plain(conversation: Conversation, why: str) -> bool:
    is_sharp = conversation.toxic or conversation.sentiment is Sentiment.NEGATIVE
    return why == Why.DRAW and not is_sharp and conversation.intent is not Intent.SPAM


def _says_something() -> ColumnElement[bool]:
    """Comments (with their tags, if any) that keep their author's conversation out of the fold."""
    quiet = [why.value for why in sorted({*_WORDLESS, Why.DRAW})]
    sharp = or_(
        Tags.toxic, Tags.sentiment == Sentiment.NEGATIVE, Tags.intent == Intent.SPAM, func.length(Message.text) > SHORT
    )
    return and_(
        Message.direction == Direction.INBOUND,
        Message.deleted_at.is_(None),
        or_(
            Message.needs_answer,
            Message.held,
            Message.needs_answer_why.not_in(quiet),
            and_(Message.needs_answer_why == Why.DRAW.value, sharp),
        ),
    )
