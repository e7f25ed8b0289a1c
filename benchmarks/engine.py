"""How fast the engine trains, beside the best of its peers. Run by hand, prints a table or JSON.

    python -m benchmarks.engine [--json] [--seconds S]

One core, one BLAS thread, one run. Implementations take turns, a burst each, and the best burst counts. Time is that of
the process, which is the clock's on a quiet machine and leaves neighbours out on a busy one. Of the peers, `pip install
-e '.[dev]'` brings scikit-learn and `pip install torch jax` the others; one that is not installed is skipped.
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.peers import LEARNING_RATE, PEERS, Peer, Run, Work
from engine import DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.activations import ACTIVATIONS
from engine.component import Array
from engine.losses import Logistic
from engine.optimizers import SGD, Adam, Optimizer

WORK = {
    "W1": Work((4, 2), "tanh", 10),
    "W2": Work((8, 8), "tanh", 32),
    "W3": Work((16, 16, 16), "relu", 32),
    "W4": Work((64, 64), "relu", 64),
    "W5": Work((128,) * 6, "relu", 128),
}
POPULATIONS = {name: (16, 64) for name in ("W1", "W2", "W3", "W4")}
ADAM = ("W1", "W2", "W3")

# At least so many times as fast as scikit-learn and PyTorch with one network ...
TARGETS = {"W1": (11, 22), "W2": (11, 22), "W3": (9, 16), "W4": (5, 6), "W5": (2, 1.3)}
# ... and sixteen, together, as one.
SIXTEEN = {"W1": 5.5, "W2": 4, "W3": 2.5}
ADAM_TO_SGD = 1.6  # at most so much of SGD's time

DATA = DataSpec(samples=500, train_share=0.5)
FRAME = 25  # updates between two frames
RESOLUTION = 100
ROUNDS = 8

Key = tuple[str, int]  # implementation, networks


def one_core() -> None:
    """Pin this process to one core, before a library counts them."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def trainer(work: Work, networks: int = 1, optimizer: Optimizer | None = None) -> Trainer:
    hidden = tuple(HiddenLayer(width, ACTIVATIONS[work.activation]()) for width in work.hidden)
    return Trainer(
        DATA,
        *(
            NetworkSpec(
                hidden=hidden,
                loss=Logistic(),
                batch_size=work.batch_size,
                learning_rate=LEARNING_RATE,
                optimizer=optimizer or SGD(),
                seed=seed,
            )
            for seed in range(1, networks + 1)
        ),
    )


def training(trainer: Trainer) -> Run:
    """The engine as a peer would be."""

    def run(epochs: int) -> int:
        before = trainer.steps
        trainer.train(epochs)
        return (trainer.steps - before) * trainer.network.networks

    return run


def calling(function: Callable[[], object]) -> Run:
    """Calls instead of epochs, for what is not training."""

    def run(times: int) -> int:
        for _ in range(times):
            function()
        return times

    return run


def points(trainer: Trainer) -> tuple[Array, Array]:
    """The training part as the peers take it: ``(n, 2)`` and ``(n,)``, standardized like ours."""
    train = trainer.data.train
    return np.ascontiguousarray(trainer.x[:-1, train].T), trainer.data.labels[train]


def contenders(name: str, peers: dict[str, Peer]) -> dict[Key, Run]:
    """All that is measured on one work. A peer that is not installed is taken out of ``peers``."""
    work = WORK[name]
    populations = (1, *POPULATIONS.get(name, ()))
    runs: dict[Key, Run] = {("engine", networks): training(trainer(work, networks)) for networks in populations}
    if name in ADAM:
        runs["engine-adam", 1] = training(trainer(work, optimizer=Adam()))
    x, y = points(trainer(work))
    for peer, prepare in list(peers.items()):
        for networks in populations[:2]:  # of the populations, sixteen is enough
            try:
                run = prepare(work, x, y, networks)
            except ImportError as error:
                print(f"{peer} skipped: {error}", file=sys.stderr)
                del peers[peer]
                break
            if run:
                runs[peer, networks] = run
    return runs


def timed(run: Run, times: int) -> tuple[int, float]:
    start = time.process_time()
    return run(times), time.process_time() - start


def rates(runs: dict[Any, Run], seconds: float) -> dict[Any, float]:
    """Updates per second of each, about so many seconds each."""
    burst = seconds / ROUNDS
    times = {}
    for key, run in runs.items():
        run(1)  # compile, fill caches
        count = 1
        while (spent := timed(run, count)[1]) < burst / 4:
            count *= 2
        times[key] = max(1, round(count * burst / spent))
    best = dict.fromkeys(runs, 0.0)
    for _ in range(ROUNDS):
        for key, run in runs.items():
            updates, spent = timed(run, times[key])
            best[key] = max(best[key], updates / spent)
    return best


def seeing(seconds: float) -> tuple[float, float]:
    """What looking costs on W2: milliseconds for a boundary, and an evaluation over the updates between two frames."""
    shown = trainer(WORK["W2"])
    rate = rates(
        {
            "training": training(trainer(WORK["W2"])),
            "evaluate": calling(shown.evaluate),
            "boundary": calling(lambda: shown.boundary(RESOLUTION)),
        },
        seconds,
    )
    return 1000 / rate["boundary"], rate["training"] / (FRAME * rate["evaluate"])


def verdict(ratio: float, target: float | None, at_most: bool = False) -> str:
    """A ratio and whether it reaches its target; the digits shown are cut, not rounded to it."""
    text = f"{(math.ceil if at_most else math.floor)(ratio * 100) / 100:.2f}×"
    if target is None:
        return text
    met = ratio <= target if at_most else ratio >= target
    return f"{text} ({'≤' if at_most else '≥'} {target:g}: {'met' if met else 'NOT MET'})"


def show(rate: dict[str, dict[Key, float]], boundary: float, evaluation: float) -> None:
    def row(*cells: object) -> None:
        print(f"{cells[0]!s:32}", *(f"{cell!s:>21}" for cell in cells[1:6]), *(f"{cell:>26}" for cell in cells[6:]))

    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:,.0f}"

    row("One network: updates/s", "engine", *PEERS, "to scikit-learn", "to PyTorch")
    for name, found in rate.items():
        ours = found["engine", 1]
        ratios = [
            verdict(ours / found[peer, 1], target) if (peer, 1) in found else "–"
            for peer, target in zip(("scikit-learn", "pytorch"), TARGETS[name], strict=True)
        ]
        row(f"{name} {WORK[name]}", number(ours), *(number(found.get((peer, 1))) for peer in PEERS), *ratios)
    print()
    row("K networks: summed updates/s", "one", "16", "64", "jax, 16", "", "sixteen to one", "sixteen to jax's")
    for name in POPULATIONS:
        one, sixteen, many = (rate[name]["engine", networks] for networks in (1, 16, 64))
        jax = rate[name].get(("jax", 16))
        ratios = [verdict(sixteen / one, SIXTEEN.get(name)), verdict(sixteen / jax, None) if jax else "–"]
        row(f"{name} {WORK[name]}", *map(number, (one, sixteen, many, jax)), "", *ratios)
    print()
    row("Adam, one network: updates/s", "adam", "sgd", "Adam's time to SGD's")
    for name in ADAM:
        adam, sgd = rate[name]["engine-adam", 1], rate[name]["engine", 1]
        row(f"{name} {WORK[name]}", number(adam), number(sgd), verdict(sgd / adam, ADAM_TO_SGD, at_most=True))
    print()
    grid = f"{RESOLUTION}×{RESOLUTION}"
    print(f"W2: boundary {grid} in {boundary:.2f} ms; evaluate() costs {evaluation:.2f}× {FRAME} updates")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--seconds", type=float, default=2.0, metavar="S", help="seconds each row is measured for")
    arguments = parser.parse_args()
    one_core()
    peers = dict(PEERS)
    rate = {}
    for name in WORK:
        runs = contenders(name, peers)
        with threadpool_limits(1):  # now that every library is loaded
            rate[name] = rates(runs, arguments.seconds)
    if arguments.json:
        rows = [
            {"work": name, "implementation": implementation, "networks": networks, "updates_per_second": found}
            for name, measured in rate.items()
            for (implementation, networks), found in measured.items()
        ]
        print(json.dumps(rows))
        return
    with threadpool_limits(1):
        show(rate, *seeing(arguments.seconds))


if __name__ == "__main__":
    main()
