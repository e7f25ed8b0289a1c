"""What the server counts. Plain numbers, always on; ``/metrics`` reads them when it is asked.

prometheus-client writes the format, if it is installed; nothing here depends on it.
"""

import asyncio
import importlib
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Seconds; a frame is late by how much later than due it was sent.
LATENESS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
LAG_INTERVAL = 0.5


class Histogram:
    """Counts in buckets, and a sum."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def cumulative(self) -> list[tuple[str, float]]:
        """Upper bound → how many are not above it."""
        total, out = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            out.append((bound, float(total)))
        return out


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self.networks = 0
        self.updates = 0
        self.frames = 0
        self.dropped = 0
        self.refused: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self.lateness = Histogram(LATENESS)
        self.lag = 0.0  # seconds that the event loop came late to what was due, the most of late

    def refuse(self, code: str) -> None:
        self.refused[code] = self.refused.get(code, 0) + 1

    def end(self, reason: str) -> None:
        self.ended[reason] = self.ended.get(reason, 0) + 1

    async def watch_the_loop(self) -> None:
        """Note how late the event loop is, for ever."""
        while True:
            due = time.monotonic() + LAG_INTERVAL
            await asyncio.sleep(LAG_INTERVAL)
            self.lag = max(time.monotonic() - due, self.lag * 0.8)


def memory() -> float:
    """Bytes that this process holds; NaN where the system does not tell."""
    try:
        fields = Path("/proc/self/statm").read_text().split()
        return float(fields[1]) * 4096
    except (OSError, ValueError, IndexError):
        return float("nan")


def exporter(
    metrics: Metrics, sessions: Callable[[], int], queue: Callable[[], int]
) -> Callable[[], tuple[bytes, str]]:
    """A function that writes all figures for Prometheus: the text and its type. Raises ImportError without
    prometheus-client."""
    client = importlib.import_module("prometheus_client")
    core = importlib.import_module("prometheus_client.core")

    class Collector:
        def collect(self) -> Iterator[Any]:
            for name, text, value in (
                ("sessions", "Sessions that are open", sessions()),
                ("networks", "Networks in all sessions", metrics.networks),
                ("jobs_waiting", "Sessions that wait for the training thread", queue()),
                ("event_loop_lag_seconds", "How late the event loop came to what was due", metrics.lag),
                ("memory_bytes", "Memory held by this process", memory()),
            ):
                yield core.GaugeMetricFamily(f"nn_playground_{name}", text, value=value)
            for name, text, value in (
                ("updates", "Updates of networks", metrics.updates),
                ("frames", "Frames sent", metrics.frames),
                ("frames_dropped", "Frames that were due while earlier ones were not drawn yet", metrics.dropped),
            ):
                yield core.CounterMetricFamily(f"nn_playground_{name}", text, value=value)
            for name, text, label, values in (
                ("refused", "Sessions that were refused", "code", metrics.refused),
                ("ended", "Sessions that the server ended", "reason", metrics.ended),
            ):
                family = core.CounterMetricFamily(f"nn_playground_{name}", text, labels=[label])
                for key, count in values.items():
                    family.add_metric([key], count)
                yield family
            yield core.HistogramMetricFamily(
                "nn_playground_frame_lateness_seconds",
                "How much later than due a frame was sent",
                buckets=metrics.lateness.cumulative(),
                sum_value=metrics.lateness.sum,
            )

    registry = client.CollectorRegistry()
    registry.register(Collector())
    return lambda: (client.generate_latest(registry), client.CONTENT_TYPE_LATEST)
