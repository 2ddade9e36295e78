"""POST /classify: the classifier by itself, in threads, so that nobody else waits for it."""

import asyncio
from typing import Annotated, Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from inbox.conversations.tags import Intent, Sentiment, Tagged
from inbox.core.web.dependencies import ApiCallerAlone, ContextDep

MOST_TEXTS = 256
LONGEST_TEXT = 10_000

api = APIRouter(tags=["classify"])


class ClassifyIn(BaseModel):
    """Texts to tag."""

    model_config = ConfigDict(extra="forbid")

    texts: list[Annotated[str, Field(max_length=LONGEST_TEXT)]] = Field(max_length=MOST_TEXTS)


class TagsOut(BaseModel):
    """A text's tags. `unsure` names the tasks in which the classifier would rather ask a person."""

    sentiment: Sentiment
    intent: Intent
    toxic: bool
    profanity: bool
    probabilities: dict[str, dict[str, float]] = Field(description="Task (sentiment, intent, toxic) → label → 0..1.")
    unsure: list[str]

    @classmethod
    def of(cls, tagged: Tagged) -> Self:
        """From the classifier's answer."""
        return cls(
            sentiment=tagged.sentiment, intent=tagged.intent, toxic=tagged.toxic, profanity=tagged.profanity,
            probabilities={task: dict(labels) for task, labels in tagged.probabilities.items()},
            unsure=sorted(tagged.unsure),
        )  # fmt: skip


class ClassifyOut(BaseModel):
    """Tags in the order of the texts."""

    items: list[TagsOut]
    model_version: str


@api.post("/classify")
async def classify(request: Request, context: ContextDep, caller: ApiCallerAlone, wanted: ClassifyIn) -> ClassifyOut:
    """Sentiment, intent and toxicity of up to 256 texts; nothing is stored."""
    turns: asyncio.Semaphore = request.app.state.classifying
    async with turns:
        tagged = await asyncio.to_thread(context.tagger.tag, wanted.texts)
    return ClassifyOut(items=[TagsOut.of(one) for one in tagged], model_version=context.tagger.model_version)
