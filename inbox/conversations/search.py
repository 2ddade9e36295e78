"""What a search asks for: words in any form and order, in messages, names, handles and posts.

PostgreSQL's `russian` configuration stems both languages: Russian words by its own stemmer, Latin ones by the English.
Numbers, handles and parts of words are found as they are typed, by trigrams; so are slips in names.
"""

import re
from collections.abc import Sequence

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    SQLColumnExpression,
    and_,
    any_,
    func,
    literal,
    literal_column,
    or_,
    select,
    union,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from inbox.contacts.models import Contact, Identity
from inbox.conversations.models import Conversation, Message, Post

WORDS_CONFIG: SQLColumnExpression[str] = literal_column("'russian'::regconfig")
"""Of the indexes, too (`ix_messages_words`, `ix_contacts_words`, `ix_posts_words`)."""
MOST_WORDS = 12
"""More are not asked for: so many find a sentence that was pasted whole."""
SHORTEST_PART = 3
"""Letters: trigrams know nothing of shorter parts."""
SHORTEST_SLIP = 5
"""Letters of a word that may be mistyped: shorter names resemble too many others."""
SHORT = 4
_AROUND = "«»„“”\"'`.,;:!?…()[]{}<>–—"
_INFINITIVES = ("ть", "ться")
_IS_EXACT = re.compile(r"[\d_@]")
"""Numbers, handles and addresses have no forms."""


def read_words(q: str) -> tuple[str, ...]:
    """What is looked for; short words («в», «на») only where nothing else was typed, and then the whole."""
    typed = dict.fromkeys(word.strip(_AROUND).removeprefix("@") for word in q.split())
    telling = [word for word in typed if len(word) >= SHORTEST_PART or any(map(str.isdigit, word))]
    return tuple(telling[:MOST_WORDS]) or (q.strip(),)


def mentions(q: str) -> ColumnElement[bool]:
    """One message holds all these words, or those that the contact's name or handle or the post do not hold."""
    words = read_words(q)
    said = select(Message.conversation_id).where(*(holds(Message.text, word) for word in words))
    known = _known(words)
    # One list of ids: with "or" between two, every conversation is looked at.
    return Conversation.id.in_(union(said, *known) if len(words) == 1 else said.union(_mixed(words, union(*known))))


def holds(column: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """The text holds the word as it is typed, also as a part of a word, or in another form."""
    as_typed = column.icontains(word, autoescape=True)
    if _IS_EXACT.search(word):
        return as_typed
    in_a_form: ColumnElement[bool] = func.to_tsvector(WORDS_CONFIG, column).bool_op("@@")(stems([word]))
    forms = _forms(word)
    return or_(as_typed, in_a_form if forms is None else and_(in_a_form, column.regexp_match(forms, "i")))


def stems(words: Sequence[str]) -> ColumnElement[str]:
    """The tsquery of any of these words; «шкаф-купе» asks for its two parts."""
    found: ColumnElement[str] = func.plainto_tsquery(WORDS_CONFIG, _plain(words[0]))
    for word in words[1:]:
        found = found.op("||")(func.plainto_tsquery(WORDS_CONFIG, _plain(word)))
    return found


def _plain(word: str) -> str:
    return re.sub(r"\W+", " ", word).strip()


def _forms(word: str) -> str | None:
    """What forms of the word look like, where strangers may share its stem («купе», «купить»); None: its stem tells.

    A short word grows by two letters at most; a verb keeps the first four.
    """
    if not word.isalpha():
        return None
    begins = re.sub("[её]", "[её]", word[:-1].lower() if len(word) <= SHORT else word[:SHORT].lower())
    if len(word) <= SHORT:
        return rf"\m{begins}\w{{0,2}}\M"
    return rf"\m{begins}" if word.lower().endswith(_INFINITIVES) else None


def _known(words: Sequence[str]) -> list[Select[int]]:
    """Conversations whose contact or post holds any of the words."""
    of_people, of_posts = aliased(Conversation), aliased(Conversation)
    return [
        select(of_people.id).where(_is_among(of_people.contact_id, _people(words))),
        select(of_posts.id).where(_is_among(of_posts.post_id, _posts(words))),
    ]


def _mixed(words: Sequence[str], known: CompoundSelect[int]) -> Select[int]:
    """Of those that are known by some of the words: where messages hold the others."""
    theirs = aliased(Conversation)
    each = (
        or_(
            theirs.contact_id.in_(_people([word])),
            theirs.post_id.in_(_posts([word])),
            select(Message.id).where(Message.conversation_id == theirs.id, holds(Message.text, word)).exists(),
        )
        for word in words
    )
    return select(theirs.id).where(_is_among(theirs.id, known), *each)


def _is_among(
    column: SQLColumnExpression[int] | SQLColumnExpression[int | None], found: Select[int] | CompoundSelect[int]
) -> ColumnElement[bool]:
    """As an array, which is found first: its rows are few, but the planner, who cannot know, would read the table."""
    return column == any_(func.array(found.scalar_subquery(), type_=ARRAY(BigInteger)))


def _people(words: Sequence[str]) -> CompoundSelect[int]:
    """Contacts whose name or handle holds any of the words."""
    named = select(Contact.id).where(or_(*(_names(word) for word in words)))
    handles = (Identity.username.icontains(word, autoescape=True) for word in words)
    return named.union(select(Identity.contact_id).where(or_(*handles)))


def _names(word: str) -> ColumnElement[bool]:
    """The contact's name holds the word, or one that resembles it."""
    held = holds(Contact.name, word)
    may_slip = len(word) >= SHORTEST_SLIP and word.isalpha()
    return or_(held, literal(word).bool_op("<<%")(Contact.name)) if may_slip else held


def _posts(words: Sequence[str]) -> Select[int]:
    return select(Post.id).where(or_(*(holds(Post.text, word) for word in words)))
