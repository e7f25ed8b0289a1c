"""Training in the shell: the same engine, the same links, the same digits as in the page."""

import json
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from app import links, report, tf_links
from app.resources import plotly
from app.schema import Invalid, Problem, load, parse
from app.session import next_recorded
from app.settings import DEFAULT_PORT
from app.views.network_file import packed, written
from engine import Experiment, Metrics, Trainer, draw
from engine.component import Refused
from engine.programs import Language
from engine.tf_playground import trainer_for

LOSSES = {"train_loss": "train loss", "test_loss": "test loss"}
DEAD = {"dead_ratio": "dead units"}
COLUMNS = LOSSES | {"train_accuracy": "train acc.", "test_accuracy": "test acc."} | DEAD
VALUE_COLUMNS = LOSSES | {"train_r2": "train R²", "test_r2": "test R²"} | DEAD
MAX_EPOCHS = 1_000_000
ROWS = 12  # lines of the table when no epochs are asked for


@dataclass(frozen=True)
class Export:
    """What is to be left behind when the networks have been trained; nothing where a field is empty."""

    report: str = ""
    weights: str = ""
    program: Language | None = None
    panel: str = "A"
    lang: str = "en"


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


def train(source: str, epochs: int, at: str, seeds: int | None, as_json: bool, export: Export | None = None) -> None:
    """Train every panel of ``source`` with ``seeds`` seeds each, or as many as it says, print what came out, and export
    it."""
    export = export or Export()
    experiment, notices = read(source)
    seeds = seeds or experiment.seeds
    for notice in notices:
        print(notice.message, file=sys.stderr)
    wanted = epochs_to_report(at, epochs)
    chosen = report.LETTERS.index(export.panel)
    if chosen >= len(experiment.panels):
        raise ShellError(
            f"panel: there is no {export.panel}, the last one is {report.LETTERS[len(experiment.panels) - 1]}"
        )
    data = draw(experiment.data)
    names = VALUE_COLUMNS if data.task == "values" else COLUMNS
    quiet = as_json or export.program is not None
    networks = []
    runs = []
    with threadpool_limits(1):
        for place, spec in enumerate(experiment.panels):
            try:
                trainer = trainer_for(data, *spec.seeded(seeds))
            except Refused as error:
                raise ShellError(f"panels[{place}].{error}") from None
            history = []
            measured = {}
            for epoch in sorted({*wanted, *(_recorded(wanted[-1]) if export.report else ())}):
                while not trainer.advance(epoch, 1000):
                    pass
                measured[epoch] = trainer.evaluate()
                if epoch not in wanted:
                    continue
                history.append(measured[epoch])
                if not quiet:
                    _print_row(place, epoch, history[-1], names, first=epoch == wanted[0])
            networks += [_network(place, each.seed, k, history, names) for k, each in enumerate(trainer.specs)]
            runs.append(report.Run(trainer, list(map(float, measured)), list(measured.values())))
    if as_json:
        print(json.dumps({"epochs": wanted, "networks": networks}))
    _leave(experiment, runs, runs[chosen].trainer, export)


def _recorded(last: int) -> Iterable[int]:
    """The epochs that a page would have recorded."""
    epoch = 0
    while epoch <= last:
        yield epoch
        epoch = next_recorded(epoch)


def _leave(experiment: Experiment, runs: list[report.Run], trainer: Trainer, export: Export) -> None:
    """Write the files, and print the program. Raises ShellError."""
    try:
        if export.weights:
            Path(export.weights).write_bytes(packed(trainer))
        if export.program:
            print(written(trainer, export.program, export.lang), end="")
    except Refused as error:
        raise ShellError(f"panel {export.panel}: {error.reason.en}") from None
    except OSError as error:
        raise ShellError(f"{export.weights}: {error.strerror}") from None
    if not export.report:
        return
    address = f"http://127.0.0.1:{DEFAULT_PORT}/#{links.encode(experiment)}"
    results = report.results(experiment, runs, address)
    try:
        Path(export.report).write_text(report.document(experiment, export.lang, results, plotly()), "utf-8")
    except OSError as error:
        raise ShellError(f"{export.report}: {error.strerror}") from None


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
