"""Training in the shell: the same engine, the same links, the same digits as in the page."""

import json
import math
import sys
from collections.abc import Iterable
from pathlib import Path

from threadpoolctl import threadpool_limits

from app import links, tf_links
from app.schema import Invalid, Problem, load, parse
from engine import Experiment, Metrics, draw
from engine.component import Refused
from engine.tf_playground import trainer_for

LOSSES = {"train_loss": "train loss", "test_loss": "test loss"}
DEAD = {"dead_ratio": "dead units"}
COLUMNS = LOSSES | {"train_accuracy": "train acc.", "test_accuracy": "test acc."} | DEAD
VALUE_COLUMNS = LOSSES | {"train_r2": "train R²", "test_r2": "test R²"} | DEAD
MAX_EPOCHS = 1_000_000
ROWS = 12  # lines of the table when no epochs are asked for


class ShellError(Exception):
    """Something the user can put right."""


def read(source: str) -> tuple[Experiment, list[Problem]]:
    """The experiment in a config file or a link (ours or TensorFlow Playground's), and what of a link had to be left
    out. Raises ShellError."""
    if tf_links.is_tf(source):
        seed = tf_links.fresh_seed()
        opened = tf_links.decode(source, seed)
        drawn = [Problem((), "fresh_seed", {"seed": seed})] if opened.experiment.data.tf_seed == seed else []
        return opened.experiment, drawn + opened.notices
    if "=" in source or "#" in source or "://" in source:
        return links.decode(source)
    path = Path(source)
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ShellError(f"{source}: {error.strerror}; expected a config file or a link") from None
    except UnicodeDecodeError:
        raise ShellError(f"{source}: not a text file in UTF-8") from None
    try:
        return parse(Experiment, load(text)), []
    except Invalid as error:
        raise ShellError("\n".join(f"{source}: {problem.message}" for problem in error.problems)) from None


def epochs_to_report(at: str, epochs: int) -> list[int]:
    """The epochs named in ``at``, or about a dozen up to ``epochs``. Raises ShellError."""
    if at:
        try:
            asked = sorted({int(part) for part in at.split(",")})
        except ValueError:
            raise ShellError(f"at: expected epochs such as 0,1,10, got {at!r}") from None
        if asked[0] < 0 or asked[-1] > MAX_EPOCHS:
            wrong = asked[0] if asked[0] < 0 else asked[-1]
            raise ShellError(f"at: {wrong} is not from 0 to {MAX_EPOCHS}")
        return asked
    return sorted({0, epochs, *(math.ceil(epochs ** (i / (ROWS - 2))) for i in range(ROWS - 2) if epochs)})


def train(source: str, epochs: int, at: str, seeds: int | None, as_json: bool) -> None:
    """Train every panel of ``source`` with ``seeds`` seeds each, or as many as it says, and print what came out."""
    experiment, notices = read(source)
    seeds = seeds or experiment.seeds
    for notice in notices:
        print(notice.message, file=sys.stderr)
    wanted = epochs_to_report(at, epochs)
    data = draw(experiment.data)
    names = VALUE_COLUMNS if data.task == "values" else COLUMNS
    networks = []
    with threadpool_limits(1):
        for place, spec in enumerate(experiment.panels):
            try:
                trainer = trainer_for(data, *spec.seeded(seeds))
            except Refused as error:
                raise ShellError(f"panels[{place}].{error}") from None
            history = []
            for epoch in wanted:
                while not trainer.advance(epoch, 1000):
                    pass
                history.append(trainer.evaluate())
                if not as_json:
                    _print_row(place, epoch, history[-1], names, first=epoch == wanted[0])
            networks += [_network(place, each.seed, k, history, names) for k, each in enumerate(trainer.specs)]
    if as_json:
        print(json.dumps({"epochs": wanted, "networks": networks}))


def _network(place: int, seed: int, k: int, history: list[Metrics], names: Iterable[str]) -> dict[str, object]:
    """One network's figures; what is not finite becomes null, as JSON has no word for it."""

    def column(name: str) -> list[float | None]:
        values = [float(getattr(metrics, name)[k]) for metrics in history]
        return [value if math.isfinite(value) else None for value in values]

    return {"panel": place, "seed": seed, **{name: column(name) for name in names}}


def _print_row(place: int, epoch: int, metrics: Metrics, names: dict[str, str], first: bool) -> None:
    if first:
        print(f"panel {'ABCDEF'[place]}")
        print("     epoch" + "".join(f"{title:>12}" for title in names.values()))

    def cell(name: str) -> str:
        values = getattr(metrics, name)
        mean = float(values.mean())
        text = f"{mean:.1%}" if name.endswith(("accuracy", "ratio")) else f"{mean:.4f}"
        return f"{text:>12}"

    print(f"{epoch:>10}{''.join(cell(name) for name in names)}", flush=True)
