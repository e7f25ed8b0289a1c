"""The course: every file is well-formed, in both languages and in today's catalog; what a lesson claims comes true with
several seeds; its task is solved by its solution and not by what it begins with.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app import course, links
from app.course import Bounds, Claim, Lesson, Pretraining, lessons, quantities, solved
from app.i18n import LANGUAGES, strings
from app.resources import LESSONS
from app.schema import Invalid, dump, parse
from engine import Experiment, NetworkSpec, Trainer
from engine.gradient_check import affordable, check
from engine.results import size

SEEDS = (0, 1, 2)
SPREAD = 32
ALL = pytest.mark.parametrize("name", lessons())


@cache
def prepared(name: str) -> Experiment:
    experiment: Experiment = parse(Experiment, lessons()[name].experiment)
    return experiment


def shifted(experiment: Experiment, seed: int) -> Experiment:
    """The experiment with other points and other weights; panels that differ in their seed still do."""
    panels = tuple(replace(spec, seed=spec.seed + 100 * seed) for spec in experiment.panels)
    return replace(experiment, data=replace(experiment.data, seed=experiment.data.seed + seed), panels=panels)


def pretrained(first: Pretraining, seed: int, panel: int) -> Trainer:
    """A panel at the end of its pretraining."""
    experiment = shifted(parse(Experiment, first.experiment), seed)
    trainer = Trainer(experiment.data, *experiment.panels[panel].seeded(experiment.seeds))
    trainer.train(first.epochs)
    return trainer


def course_of(
    experiment: Experiment, panel: int, epochs: Sequence[int], source: Trainer | None = None, checks: bool = False
) -> Iterator[dict[str, float]]:
    """The quantities of one panel at these epochs, with the hidden layers of ``source`` if it was pretrained."""
    spec = experiment.panels[panel]
    trainer = Trainer(experiment.data, *spec.seeded(experiment.seeds))
    if source:
        trainer.adopt(source, trainer.network.depth)
    parameters = size(trainer.network).parameters
    done = 0
    for epoch in epochs:
        with np.errstate(all="ignore"):
            trainer.train(epoch - done)
            found = quantities(spec, parameters, epoch, trainer.evaluate())
            yield found | (course.checked(trainer) if checks else {})
        done = epoch


def times(lesson: Lesson) -> list[int]:
    """Epochs at which a run of a lesson is looked at: those of the claims, and some all the way."""
    spread = {round(lesson.epochs ** (place / 7)) for place in range(8)}
    return sorted({0, lesson.epochs, *spread, *(claim.epoch for claim in lesson.claims)})


def tried(name: str) -> Sequence[int]:
    """The seeds: two where every panel is many networks already."""
    return SEEDS if prepared(name).seeds == 1 else SEEDS[:2]


@cache
def runs(name: str) -> dict[tuple[int, int], dict[int, dict[str, float]]]:
    """What came out of the prepared panels: (seed, panel) → epoch → quantities."""
    found = {}
    lesson = lessons()[name]
    epochs = times(lesson)
    for seed in tried(name):
        experiment = shifted(prepared(name), seed)
        for panel in range(len(experiment.panels)):
            source = lesson.pretraining and pretrained(lesson.pretraining, seed, panel)
            rows = course_of(experiment, panel, epochs, source, lesson.checks)
            found[seed, panel] = dict(zip(epochs, rows, strict=True))
    return found


def spread(name: str, claim: Claim, panel: int) -> float:
    """Standard deviation of the claim's quantity over the weight seeds."""
    experiment = prepared(name)
    specs = [replace(experiment.panels[panel], seed=seed) for seed in range(SPREAD)]
    trainer = Trainer(experiment.data, *specs)
    trainer.train(claim.epoch)
    return float(np.std(getattr(trainer.evaluate(), claim.quantity)))


def claimed(name: str, claim: Claim) -> list[float]:
    """The values that a claim is about."""
    if claim.over == "spread":
        return [spread(name, claim, claim.panel) - (0 if claim.minus is None else spread(name, claim, claim.minus))]
    values = []
    for seed in tried(name):
        value = runs(name)[seed, claim.panel][claim.epoch][claim.quantity]
        if claim.minus is not None:
            value -= runs(name)[seed, claim.minus][claim.epoch][claim.quantity]
        values.append(value)
    return [float(np.mean(values))] if claim.over == "mean" else values


@ALL
def test_what_a_lesson_claims_comes_true(name: str) -> None:
    wrong = []
    for claim in lessons()[name].claims:
        values = claimed(name, claim)
        if not all(map(claim.hold, values)):
            wrong.append(f"{claim.model_dump_json(exclude_none=True)}: {np.round(values, 4).tolist()}")
    assert not wrong, "\n".join(wrong)


@ALL
def test_what_a_lesson_begins_with_does_not_solve_its_task(name: str) -> None:
    lesson = lessons()[name]
    for (seed, panel), rows in runs(name).items():
        experiment = dump(shifted(prepared(name), seed))
        experiment["data"]["seed"] = lesson.experiment["data"]["seed"]  # other points are no change of the visitor's
        for epoch, row in rows.items():
            assert not solved(lesson, experiment, panel, row), (seed, panel, epoch)


def solves(lesson: Lesson, seed: int) -> bool:
    experiment = shifted(parse(Experiment, lesson.solution), seed)
    form = dump(parse(Experiment, lesson.solution))
    first = lesson.solution_pretraining
    return any(
        solved(lesson, form, panel, row)
        for panel in range(len(experiment.panels))
        for row in course_of(experiment, panel, times(lesson), first and pretrained(first, seed, panel), lesson.checks)
    )


@ALL
def test_the_solution_solves_the_task(name: str) -> None:
    """With the seeds it comes with, and, as chance has its part, with at least one of two others."""
    lesson = lessons()[name]
    assert solves(lesson, 0)
    assert any(solves(lesson, seed) for seed in SEEDS[1:])


# ---- the files ----


def texts(value: Any) -> Iterator[dict[str, str]]:
    """Every text of a lesson, in both languages."""
    if isinstance(value, dict):
        if set(value) == set(LANGUAGES):
            yield value
        else:
            for item in value.values():
                yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


HAN = re.compile("[\u4e00-\u9fff]")


@ALL
def test_both_languages_are_written_and_not_mixed_up(name: str) -> None:
    names = [source.heading.zh for source in lessons()[name].sources]  # "ReLU" is a heading in the Chinese notes
    for text in texts(lessons()[name].model_dump()):
        if text["zh"] in names:
            continue
        assert HAN.search(text["zh"]) and not HAN.search(text["en"]), text
        for written in text.values():
            assert written == written.strip() and "  " not in written, written


def test_files_are_named_in_order() -> None:
    files = sorted(path.name for path in LESSONS.iterdir())
    assert all(re.fullmatch(r"\d\d-[a-z0-9]+(-[a-z0-9]+)*\.json", name) for name in files), files
    assert [int(name[:2]) for name in files] == list(range(1, len(files) + 1))
    assert len(lessons()) == len(files)
    sections = [lesson.section for lesson in lessons().values()]
    assert sections == sorted(sections, key=course.SECTIONS.index)


@ALL
def test_panels_and_solution_survive_their_link(name: str) -> None:
    lesson = lessons()[name]
    firsts = [first.experiment for first in (lesson.pretraining, lesson.solution_pretraining) if first]
    for value in (lesson.experiment, lesson.solution, *firsts):
        experiment = parse(Experiment, value)
        assert links.complete(experiment)
        assert links.decode(links.encode(experiment)) == (experiment, [])


@ALL
def test_a_solution_keeps_what_is_to_be_kept(name: str) -> None:
    lesson = lessons()[name]
    kept = [
        course.kept(lesson.task, lesson.experiment, lesson.solution, panel)
        for panel in range(len(lesson.solution["panels"]))
    ]
    assert [] in kept, kept


@pytest.mark.parametrize("lang", LANGUAGES)
def test_everything_the_page_says_of_lessons_has_a_text(lang: str) -> None:
    known = strings(lang)
    named = (*course.QUANTITIES, *course.CHECKED, *course.get_args(course.Lost))
    assert {f"quantity.{name}" for name in named} <= set(known)
    for section in course.SECTIONS:
        assert f"lessons.section.{section}" in known and f"lessons.about.{section}" in known
    for name in lessons():
        shown = json.dumps(course.describe(name, lang), ensure_ascii=False)
        assert '"zh"' not in shown and '"en"' not in shown


def test_the_overview_has_every_lesson_once() -> None:
    listed = [lesson["id"] for section in course.overview("en") for lesson in section["lessons"]]
    assert listed == list(lessons())
    names = list(lessons())
    assert [course.describe(name, "zh")["next"] and course.describe(name, "zh")["next"]["id"] for name in names] == [
        *names[1:],
        None,
    ]


# ---- what is no lesson ----

TEXT = {"en": "x", "zh": "某"}


def damaged(**change: Any) -> str:
    lesson = json.loads(sorted(LESSONS.iterdir())[0].read_text("utf-8"))
    return json.dumps({**lesson, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"title": {"en": "Only English"}},
        {"title": {"en": "", "zh": "空"}},
        {"section": "nothing"},
        {"extra": 1},
        {"experiment": {"panels": [{"hidden": [{"width": 9999}]}]}},
        {"solution": {"panels": [{"optimizer": "nothing"}]}},
        {"epochs": 0},
        {"claims": []},
        {"claims": [{"panel": 5, "quantity": "test_accuracy", "epoch": 1, "at_least": 0.5}]},
        {"claims": [{"panel": 0, "minus": 4, "quantity": "test_accuracy", "epoch": 1, "at_least": 0.5}]},
        {"claims": [{"panel": 0, "quantity": "test_accuracy", "epoch": 999, "at_least": 0.5}]},
        {"claims": [{"panel": 0, "quantity": "beauty", "epoch": 1, "at_least": 0.5}]},
        {"claims": [{"panel": 0, "quantity": "test_accuracy", "epoch": 1}]},
        {"task": {"text": TEXT, "conditions": []}},
        {"task": {"text": TEXT, "conditions": [{"quantity": "lost_ratio", "at_most": 0}]}},
        {"task": {"text": TEXT, "keep": ["colour"], "conditions": [{"quantity": "epoch", "at_most": 3}]}},
        {"question": {"text": TEXT, "choices": [TEXT, TEXT], "right": 2}},
        {"pretraining": {"experiment": {"panels": [{}]}, "epochs": 5}},
        {"solution_pretraining": {"experiment": {"panels": [{"hidden": [{"width": 3}]}]}, "epochs": 5}},
    ],
)  # fmt: skip
def test_what_is_no_lesson_is_refused(change: dict[str, Any]) -> None:
    course.read(damaged())
    with pytest.raises(ValidationError):
        course.read(damaged(**change))


def test_no_json_is_no_lesson() -> None:
    for text in ("", "{", "[1", '{"title": NaN}'):
        with pytest.raises(Invalid):
            course.read(text)


@pytest.mark.parametrize("name", ["", "nothing", "../x", "01", "x" * 5000])
def test_an_unknown_lesson_is_said_to_be_unknown(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        course.describe(name, "en")
    assert caught.value.problems[0].code == "unknown_choice"
    assert len(caught.value.problems[0].params["value"]) <= 50


# ---- the language of conditions ----


@given(st.none() | st.floats(-5, 5), st.none() | st.floats(-5, 5), st.floats() | st.sampled_from([0.95]))
def test_a_range_holds_what_lies_in_it_and_never_what_is_unknown(low: Any, high: Any, value: float) -> None:
    if low is None and high is None:
        return
    bounds = Bounds(at_least=low, at_most=high)
    inside = (low is None or value >= low - 1e-6) and (high is None or value <= high + 1e-6) and value == value
    assert bounds.hold(value) == inside


def test_single_precision_does_not_miss_a_bound() -> None:
    assert Bounds(at_least=0.95).hold(float(np.float32(0.95)))
    assert Bounds(at_most=0.1).hold(float(np.float32(0.1)))


def test_a_pretraining_is_of_the_same_networks_and_the_task_of_what_comes_after() -> None:
    lesson = json.loads(sorted(LESSONS.iterdir())[0].read_text("utf-8"))
    first = {"experiment": {**lesson["experiment"], "data": {"dataset": "moons"}}, "epochs": 5}
    read = course.read(damaged(pretraining=first))
    assert read.pretraining and read.pretraining.experiment["data"]["dataset"]["id"] == "moons"
    live = [{**panel, "frozen": 1} for panel in lesson["experiment"]["panels"]]
    course.read(damaged(pretraining={**first, "experiment": {"panels": live}}))
    with pytest.raises(ValidationError, match="same networks"):
        course.read(damaged(pretraining={**first, "experiment": {"panels": live[:1]}}))
    with pytest.raises(ValidationError, match="ends with"):
        course.read(damaged(pretraining=first, task={**lesson["task"], "keep": ["hidden"]}))


def test_the_check_of_a_lesson_is_that_of_the_page() -> None:
    trainer = Trainer(parse(Experiment, {}).data, parse(NetworkSpec, {}))
    trainer.train(1)
    found = course.checked(trainer)
    assert tuple(found) == course.CHECKED
    sample, points = affordable(trainer)
    seen = check(trainer, sample=sample, points=points, rng=np.random.default_rng(trainer.steps))
    assert found["check_error"] == seen.relative_error[0] and found["first_check_error"] == seen.layer_errors[0, 0]


def test_quantities_by_hand() -> None:
    spec = parse(NetworkSpec, {"hidden": [{"width": 3}, {"width": 2}]})
    trainer = Trainer(parse(Experiment, {}).data, spec)
    metrics = trainer.evaluate()
    found = quantities(spec, size(trainer.network).parameters, 7.0, metrics)
    assert set(found) == {*course.QUANTITIES, *course.get_args(course.Lost)}
    assert (found["depth"], found["hidden_units"], found["epoch"]) == (2, 5, 7)
    assert found["parameters"] == 3 * 3 + 4 * 2 + 3 * trainer.network.sizes[-1]
    assert found["gap"] == pytest.approx(metrics.train_accuracy[0] - metrics.test_accuracy[0])
    assert found["gradient_share"] == pytest.approx(metrics.gradient_norm[0, 0] / metrics.gradient_norm[0, -1])
    assert found["first_update"] == metrics.update_ratio[0, 0] and found["first_mean"] == metrics.layer_mean[0, 0]
    assert found["vote_gain"] == found["lost_ratio"] == 0


def test_quantities_of_several_seeds_leave_out_the_lost() -> None:
    spec = parse(NetworkSpec, {"hidden": [{"width": 3}]})
    trainer = Trainer(parse(Experiment, {"data": {"noise": 0.5}}).data, *spec.seeded(8))
    trainer.train(1)
    trainer.network.parameters[3:5] = np.nan
    metrics = trainer.evaluate()
    found = quantities(spec, 0, 1.0, metrics)
    left = [0, 1, 2, 5, 6, 7]
    assert found["lost_ratio"] == 0.25
    assert found["vote_gain"] == pytest.approx(metrics.vote_accuracy[0] - metrics.test_accuracy[left].mean())
    assert found["first_update"] == pytest.approx(metrics.update_ratio[left, 0].mean())
