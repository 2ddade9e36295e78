"""Subscribers of many bots who write by themselves, evenly, saying when: for measuring, without a caller's cost."""

import asyncio
import time
from typing import Annotated

from pydantic import BaseModel, Field

from bots.simulator.platform import PlatformSimulator
from bots.simulator.schemas import Body, PersonBody, PersonId, SayBody
from inbox.channels.events import Platform

MOST_BOTS = 1_000
LONGEST = 120.0
FIRST_AUTHOR = 700_000


class ChatterBody(Body):
    """One subscriber of each of `bots` writes a direct message, `rounds` times, every `every` seconds.

    Within a round the bots' messages are spread evenly. The text is `prefix` and the time of writing, in nanoseconds
    since 1970.
    """

    platform: Platform
    bots: Annotated[list[PersonId], Field(min_length=1, max_length=MOST_BOTS)]
    rounds: Annotated[int, Field(ge=1, le=1_000)] = 1
    every: Annotated[float, Field(gt=0, le=60)] = 1.0
    prefix: Annotated[str, Field(min_length=1, max_length=64)]


class Chattered(BaseModel):
    """How many messages were written, and by how many seconds the latest of them came after its time."""

    said: int
    late: float


async def chatter(simulator: PlatformSimulator, body: ChatterBody) -> Chattered:
    """Write all; ends early after LONGEST seconds. A bot that never called is a RefusedError."""
    began, late, said = time.monotonic(), 0.0, 0
    step = body.every / len(body.bots)
    for number in range(body.rounds * len(body.bots)):
        due = began + number * step
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        late = max(late, time.monotonic() - due)
        if time.monotonic() - began > LONGEST:
            break
        simulator.say(_words(body, number % len(body.bots)))
        said += 1
    return Chattered(said=said, late=late)


def _words(body: ChatterBody, place: int) -> SayBody:
    author = PersonBody(id=FIRST_AUTHOR + place, name=f"Chatter {place}")
    text = f"{body.prefix} {time.time_ns()}"
    return SayBody(platform=body.platform, bot=body.bots[place], author=author, text=text)
