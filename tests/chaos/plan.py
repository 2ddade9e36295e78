"""What a run of chaos does: how many messages, replies and kills, and when who is killed."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random

VICTIMS = ("worker", "bots", "web", "valkey", "postgres")


@dataclass(frozen=True, slots=True)
class Plan:
    """`seconds`: how long subscribers write and people answer; then there is at most `quiet` for all to settle."""

    messages: int = 5000
    replies: int = 500
    kills: int = 3
    seed: int = 0
    seconds: float = 180.0
    quiet: timedelta = timedelta(minutes=4)
    first_port: int = 26100


@dataclass(frozen=True, slots=True)
class Kill:
    """Who is killed with -9, how long after the start, and for how long it stays away."""

    victim: str
    at: float
    away: float


def plan_kills(plan: Plan) -> list[Kill]:
    """Each victim as often as asked, in a shuffled order, spread over the time of writing."""
    dice = Random(plan.seed)
    victims = list(VICTIMS) * plan.kills
    dice.shuffle(victims)
    step = plan.seconds / (len(victims) + 1)
    return [Kill(victim, step * (place + 0.5), dice.uniform(0.2, 2.5)) for place, victim in enumerate(victims)]
