"""What /metrics tells: the time that requests took, and the numbers that are counted when it is asked."""

from prometheus_client import CollectorRegistry, Gauge, Histogram

LIVE = frozenset({"/live", "/api/v1/live"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Requests:
    """The registry of a process's web part, with the time that requests took."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "otklik_request_seconds",
            "Time from a request to the end of its answer, live streams left out.",
            ("method", "route", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request is over; `status` 0: the client went away before an answer."""
        if route not in LIVE:
            self._seconds.labels(method, route, str(status)).observe(seconds)


class Numbers:
    """How much there is of what, over all workspaces."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.intake = Gauge("otklik_intake_entries", "Entries on the stream, waiting or in hand.", registry=registry)
        self.dead = Gauge("otklik_dead_events", "Payloads kept as dead and not replayed.", registry=registry)
        self.jobs = Gauge("otklik_jobs", "Jobs by state.", ("state",), registry=registry)
        self.deliveries = Gauge("otklik_deliveries", "Our messages by delivery.", ("delivery",), registry=registry)

    def forget(self) -> None:
        """A number that cannot be counted is not told, rather than told wrongly."""
        self.intake.set(float("nan"))
        self.dead.set(float("nan"))
        self.jobs.clear()
        self.deliveries.clear()
