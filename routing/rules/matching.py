"""Do a rule's conditions hold for a message: pure."""

from collections.abc import Mapping, Sequence

from inbox.conversations.tags import Tagged
from routing.rules.conditions import (
    ChannelIs,
    Condition,
    ContactIs,
    ContactLabelIs,
    FirstMessageIs,
    HoursAre,
    IntentIs,
    KindIs,
    LabelIs,
    LanguageIs,
    MatchesExpression,
    NeedsAnswerIs,
    PlatformIs,
    PostIs,
    PostModeIs,
    PreviousStateIs,
    PriorityIs,
    SentimentIs,
    ToxicIs,
    UnsureIs,
    WordsIn,
)
from routing.rules.facts import Facts
from routing.rules.language import language_of
from routing.rules.patterns import has_word, matches_expression

_TagCondition = IntentIs | SentimentIs | ToxicIs | UnsureIs
_TextCondition = WordsIn | MatchesExpression | LanguageIs


def matches(conditions: Sequence[Condition], facts: Facts) -> bool:
    """Whether all conditions hold; a rule without conditions holds always."""
    return all(_holds(condition, facts) is not condition.negate for condition in conditions)


def _holds(condition: Condition, facts: Facts) -> bool:
    match condition:
        case IntentIs() | SentimentIs() | ToxicIs() | UnsureIs():
            tags = facts.subject.tags
            return tags is not None and _tags_hold(condition, tags)
        case WordsIn() | MatchesExpression() | LanguageIs():
            return _text_holds(condition, facts.subject.text)
        case ContactIs() | ContactLabelIs() | FirstMessageIs():
            return _contact_holds(condition, facts)
        case ChannelIs() | PlatformIs() | KindIs() | PostIs() | PostModeIs():
            return _place_holds(condition, facts)
        case _:
            return _state_holds(condition, facts)


def _tags_hold(condition: _TagCondition, tags: Tagged) -> bool:
    match condition:
        case UnsureIs():
            return bool(tags.unsure) is condition.value
        case IntentIs():
            return tags.intent in condition.any_of and _is_sure(condition, tags, "intent", tags.intent)
        case SentimentIs():
            return tags.sentiment in condition.any_of and _is_sure(condition, tags, "sentiment", tags.sentiment)
        case ToxicIs():
            label = "1" if tags.toxic else "0"
            return tags.toxic is condition.value and _is_sure(condition, tags, "toxic", label)


def _is_sure(condition: IntentIs | SentimentIs | ToxicIs, tags: Tagged, task: str, label: str) -> bool:
    """A person's correction has no probability: it is certain."""
    if condition.sure and task in tags.unsure:
        return False
    probabilities: Mapping[str, float] = tags.probabilities.get(task, {})
    return condition.min_probability is None or probabilities.get(label, 1.0) >= condition.min_probability


def _text_holds(condition: _TextCondition, text: str) -> bool:
    match condition:
        case WordsIn():
            return has_word(condition.any_of, text)
        case MatchesExpression():
            return matches_expression(condition.pattern, text)
        case LanguageIs():
            return language_of(text) in condition.any_of


def _contact_holds(condition: ContactIs | ContactLabelIs | FirstMessageIs, facts: Facts) -> bool:
    match condition:
        case ContactIs():
            value = facts.contact.get(condition.name, "").casefold()
            return any(part.casefold() in value for part in condition.any_of)
        case ContactLabelIs():
            return not facts.contact_labels.isdisjoint(condition.any_of)
        case FirstMessageIs():
            return facts.is_first is condition.value


def _place_holds(condition: ChannelIs | PlatformIs | KindIs | PostIs | PostModeIs, facts: Facts) -> bool:
    subject = facts.subject
    match condition:
        case ChannelIs():
            return subject.channel_id in condition.any_of
        case PlatformIs():
            return facts.platform in condition.any_of
        case KindIs():
            return subject.kind in condition.any_of
        case PostIs():
            return subject.post_id in condition.any_of
        case PostModeIs():
            return facts.post_mode in condition.any_of


def _state_holds(condition: NeedsAnswerIs | LabelIs | PriorityIs | HoursAre | PreviousStateIs, facts: Facts) -> bool:
    subject = facts.subject
    match condition:
        case NeedsAnswerIs():
            return subject.needs_answer is condition.value
        case LabelIs():
            return not facts.labels.isdisjoint(condition.any_of)
        case PriorityIs():
            return subject.priority in condition.any_of
        case HoursAre():
            return facts.is_open is (condition.value == "open")
        case PreviousStateIs():
            return subject.previous in condition.any_of
