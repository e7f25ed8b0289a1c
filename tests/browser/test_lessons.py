"""Lessons in a real browser: every one is opened, predicted, run, explained and solved by its own solution and not
before; and what is around them: languages, keyboard, progress, layout.
"""

import json
import re
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app import course
from app.course import Condition, Lesson, Task, lessons
from app.i18n import strings
from app.schema import dump, parse
from engine import Experiment
from tests.browser.chromium import until

pytestmark = pytest.mark.browser

EPOCH = r"Number(document.querySelector('#epoch').textContent.replace(/[^\d.]/g, ''))"
PLAYING = "document.body.matches('.playing')"
FIRST = next(iter(lessons()))


def fast(page: Page) -> None:
    """As many epochs a second as there can be."""
    field = page.locator("#speed input.number")
    field.fill("1000")
    field.press("Enter")
    until(page, "document.querySelector('#speed input.number').value === '1000'")


def tab(page: Page, step: str) -> None:
    place = [each.get_attribute("data-step") for each in page.locator(".lesson-tab").all()].index(step)
    page.locator(".lesson-tab").nth(place).click()
    until(page, "document.querySelectorAll('.lesson-tab')[v[0]].matches('[aria-current]')", place)


def walk(page: Page, name: str) -> None:
    """A whole lesson, from the first step to the solved task."""
    lesson = lessons()[name]
    until(page, "document.querySelector('#lesson')?.dataset.name === v[0]", name)
    expect(page.locator(".panel")).to_have_count(len(lesson.experiment["panels"]))
    until(page, f"{EPOCH} === 0 && !{PLAYING}")  # first the prediction, then the run
    expect(page.locator(".lesson-title")).to_have_text(lesson.title.en)
    fast(page)
    tab(page, "predict")
    page.locator(".lesson-choice").nth(lesson.question.right).click()
    tab(page, "run")
    page.locator(".lesson-run").click()
    until(page, "document.querySelector('#lesson').dataset.ran === 'true'", seconds=90)
    until(page, f"!{PLAYING}")
    assert page.evaluate(EPOCH) == lesson.epochs  # all who do this lesson see the same numbers
    tab(page, "explain")
    expect(page.locator(".lesson-verdict.right")).to_be_visible()
    tab(page, "task")
    expect(page.locator(".lesson-condition")).to_have_count(len(lesson.task.conditions) + bool(lesson.task.keep))
    expect(page.locator("#lesson")).to_have_attribute("data-solved", "false")
    page.locator(".lesson-solution").click()
    until(page, "document.querySelector('#lesson').dataset.solved === 'true'", seconds=90)
    expect(page.locator(".lesson-success")).to_be_visible()


def kinds(lesson: Lesson) -> set[object]:
    """What of a lesson the page does not do alike for all."""
    kept = {name if name in ("data", "seeds") else name.partition(".")[0] == "data" for name in lesson.task.keep}
    return {
        *(condition.quantity for condition in lesson.task.conditions),
        *(("keep", name) for name in kept),
        ("panels", len(lesson.experiment["panels"])),
        ("seeds", lesson.experiment.get("seeds", 1) > 1),
        ("pretraining", bool(lesson.pretraining)),
        ("clinical", lesson.clinical),
    }


def enough() -> list[str]:
    """A few lessons that have, together, every kind of thing there is in all of them. (That each can be solved is
    tested of the engine, in `tests/app/test_course.py`.)"""
    by_name = {name: kinds(lesson) for name, lesson in lessons().items()}
    chosen, missing = [], set[object]().union(*by_name.values())
    while missing:
        chosen.append(max(by_name, key=lambda name: len(by_name[name] & missing)))
        missing -= by_name[chosen[-1]]
    return chosen


@pytest.mark.parametrize("name", enough())
def test_a_lesson_is_solved_by_its_solution_and_not_before(open_lesson, name: str) -> None:
    walk(open_lesson(name), name)


def test_one_lesson_leads_to_the_next(open_lesson) -> None:
    page = open_lesson(FIRST)
    walk(page, FIRST)
    page.locator(".lesson-success button").click()
    walk(page, list(lessons())[1])


@pytest.fixture
def open_lesson(open_page):  # type: ignore[no-untyped-def]
    """Opens the playground with a lesson: ``open_lesson("widths", lang="zh")``."""

    def opener(name: str, **more: Any) -> Page:
        page: Page = open_page(path=f"?lesson={name}", **more)
        page.set_default_timeout(90_000)
        expect(page.locator("#lesson .lesson-title")).to_be_visible()
        expect(page.locator(".panel .boundary").first).to_be_visible()
        until(page, "document.querySelector('.panel .major td')?.textContent")
        return page

    return opener


# ---- around it ----


def test_the_language_changes_within_a_step(open_lesson) -> None:
    page = open_lesson(FIRST)
    lesson = lessons()[FIRST]
    tab(page, "predict")
    page.locator(".lesson-choice").nth(1).click()
    page.locator("#language").click()
    expect(page.locator(".lesson-title")).to_have_text(lesson.title.zh)
    expect(page.locator(".lesson-choices legend")).to_have_text(lesson.question.text.zh)
    expect(page.locator(".lesson-choice input").nth(1)).to_be_checked()
    for step in STEPS:
        tab(page, step)
        text = page.locator("#lesson").inner_text()
        assert not re.search(r"\{\w+\}|lesson\.|quantity\.|\bnull\b|undefined|NaN", text), text
        sentences = re.findall(r"[A-Za-z]+(?: [A-Za-z]+){3,}", text)
        assert not sentences, sentences


def test_a_lesson_by_keyboard_alone(open_lesson) -> None:
    page = open_lesson(FIRST)
    lesson = lessons()[FIRST]
    fast(page)
    page.locator(".lesson-next").focus()
    page.keyboard.press("Enter")
    until(page, "document.activeElement.matches('.lesson-step')")  # the step's heading is read out
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".lesson-choice input").nth(1)).to_be_checked()
    page.locator(".lesson-next").focus()
    page.keyboard.press("Enter")
    until(page, "document.activeElement.matches('.lesson-step')")
    page.keyboard.press("Tab")
    until(page, "document.activeElement.matches('.lesson-run')")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#lesson').dataset.ran === 'true'", seconds=90)
    page.locator(".lesson-next").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".lesson-verdict")).to_contain_text(lesson.question.choices[1].en)
    expect(page.locator(".lesson-verdict")).to_contain_text(lesson.question.choices[lesson.question.right].en)


def test_progress_is_kept_and_shown_in_the_list(open_lesson, url: str) -> None:
    page = open_lesson(FIRST)
    fast(page)
    tab(page, "task")
    page.locator(".lesson-solution").click()
    until(page, "document.querySelector('#lesson').dataset.solved === 'true'", seconds=90)
    expect(page.locator(".lesson-solved[role=status]")).to_have_text(strings("en")["lessons.solved"])  # is read out
    page.reload()
    expect(page.locator(".lesson-solved")).to_be_visible()
    page.goto(f"{url}lessons")
    expect(page.locator(f"[data-lesson={FIRST}] .lesson-state")).to_have_text(strings("en")["lessons.solved"])
    expect(page.locator(".lesson-card.solved")).to_have_count(1)
    expect(page.locator("#lesson-count")).to_contain_text(f"1 of {len(lessons())}")
    page.locator(".lesson-card a").nth(1).click()
    expect(page.locator("#lesson .lesson-title")).to_have_text(list(lessons().values())[1].title.en)


def test_damaged_progress_is_no_harm(open_page, url: str) -> None:
    page = open_page(path="lessons")
    for kept in ("[]", "no json", '"x"', "null", f'{{"{FIRST}": {{"choice": "x", "solved": 0}}}}', f'{{"{FIRST}": 7}}'):
        page.evaluate("kept => localStorage.setItem('lessons', kept)", kept)
        page.reload()
        expect(page.locator(".lesson-card")).to_have_count(len(lessons()))
    page.goto(f"{url}?lesson={FIRST}")
    expect(page.locator("#lesson .lesson-title")).to_be_visible()
    tab(page, "predict")
    page.locator(".lesson-choice").nth(0).click()
    tab(page, "explain")
    expect(page.locator(".lesson-verdict")).to_contain_text(lessons()[FIRST].question.choices[0].en)


def test_an_unknown_lesson_leaves_the_playground_as_it_is(open_page) -> None:
    page = open_page(path="?lesson=nothing")
    expect(page.locator(".toast")).to_contain_text(strings("en")["lesson.failed"])
    expect(page.locator("#lesson")).to_be_hidden()
    until(page, PLAYING)
    assert "lesson" not in page.url


def test_a_lesson_is_closed_and_the_data_are_back(open_lesson) -> None:
    page = open_lesson(FIRST)
    expect(page.locator("#data")).to_be_hidden()
    page.locator("[data-sheet=data]").click()
    expect(page.locator("#data")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=strings("en")["lesson.close"]).click()
    expect(page.locator("#lesson")).to_be_hidden()
    expect(page.locator("#data")).to_be_visible()
    assert "lesson" not in page.url


def test_what_was_to_be_kept_has_to_be_put_back(open_lesson) -> None:
    page = open_lesson("linear-stack")
    tab(page, "task")
    keep = page.locator(".lesson-condition").last
    expect(keep).to_have_class(re.compile("met"))
    page.locator("#settings-form .layer-depth .stepper").first.click()  # one layer less in A; B and C differed before
    expect(keep).not_to_have_class(re.compile("met"))
    page.locator(".lesson-buttons .button").first.click()
    expect(keep).to_have_class(re.compile("met"))


def test_frames_of_the_run_before_do_not_end_the_next_one(open_lesson) -> None:
    """Beyond the lesson's end and playing on, another run is begun: frames of the first still come."""
    page = open_lesson(FIRST)
    epochs = lessons()[FIRST].epochs
    fast(page)
    page.locator("[data-action=toggle]").click()
    until(page, f"{EPOCH} > v[0]", epochs, seconds=90)
    for step, button in (("run", ".lesson-run"), ("task", ".lesson-solution")):
        tab(page, step)
        page.locator(button).click()
        until(page, f"document.querySelector('#lesson').dataset.ran === 'true' && !{PLAYING}", seconds=90)
        assert page.evaluate(EPOCH) == epochs
        page.locator("[data-action=toggle]").click()
        until(page, f"{EPOCH} > v[0] + 5", epochs, seconds=90)


def test_trying_again_begins_with_an_empty_bar(open_lesson) -> None:
    page = open_lesson(FIRST)
    fast(page)
    tab(page, "run")
    page.locator(".lesson-run").click()
    until(page, "document.querySelector('#lesson').dataset.ran === 'true'", seconds=90)
    tab(page, "task")
    page.locator(".lesson-buttons .button").first.click()
    until(page, f"{EPOCH} === 0")
    tab(page, "run")
    expect(page.locator("#lesson progress")).to_have_js_property("value", 0)
    expect(page.locator("#lesson")).to_have_attribute("data-ran", "false")


def test_a_lesson_comes_back_after_a_reload_in_the_middle(open_lesson) -> None:
    page = open_lesson("linear-stack")
    page.locator("#settings-form .layer-depth .stepper").first.click()
    until(page, "location.hash.includes('hidden=8-linear&')")
    page.reload()
    expect(page.locator("#lesson .lesson-title")).to_be_visible()
    until(page, "location.hash.includes('hidden=8-linear&')")  # the visitor's own state, not the prepared one
    until(page, f"!{PLAYING}")


# ---- layout ----

OVERLAP = """() => {
  const lesson = document.querySelector('#lesson').getBoundingClientRect();
  return [...document.querySelectorAll('.stage')].filter((stage) => {
    const box = stage.getBoundingClientRect();
    const across = box.left < lesson.right - 1 && box.right > lesson.left + 1;
    return across && box.top < lesson.bottom - 1 && box.bottom > lesson.top + 1;
  }).length;
}"""


STEPS = ("look", "predict", "run", "explain", "task")
NO_WIDER = """(() => {
  const lesson = document.querySelector('#lesson');
  return lesson.scrollWidth <= lesson.clientWidth && document.documentElement.scrollWidth <= innerWidth;
})()"""


def test_a_lesson_stands_beside_the_boundaries(open_lesson) -> None:
    page = open_lesson(FIRST)
    for width, height in ((1440, 900), (1920, 1080), (1280, 720), (1024, 768), (870, 768)):
        page.set_viewport_size({"width": width, "height": height})
        for step in STEPS:
            tab(page, step)
            assert page.evaluate(OVERLAP) == 0, (width, step)
            assert page.evaluate(NO_WIDER), (width, step)


def test_titles_of_four_panels_beside_a_lesson_are_whole(open_lesson) -> None:
    page = open_lesson("transfer", size=(1024, 768))
    expect(page.locator(".panel .title")).to_have_text(
        ["frozen layers 2", "frozen layers 0", "frozen layers 0", "same"]
    )
    cut = page.locator(".panel .title").evaluate_all(
        "all => all.filter((one) => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight).length"
    )
    assert cut == 0


def test_on_a_phone_a_boundary_fits_above_the_sheet(open_lesson) -> None:
    page = open_lesson(FIRST, size=(390, 844), touch=True)
    for size, step in [((390, 844), step) for step in STEPS] + [((360, 640), step) for step in STEPS]:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        tab(page, step)
        for place in range(page.locator(".stage").count()):
            page.evaluate("n => document.querySelectorAll('.panel')[n].scrollIntoView()", place)
            free = page.evaluate(
                """n => {
                  const stage = document.querySelectorAll('.stage')[n].getBoundingClientRect();
                  const top = document.querySelector('.top').getBoundingClientRect().bottom;
                  const sheet = document.querySelector('#lesson').getBoundingClientRect().top;
                  return [stage.top - top, sheet - stage.bottom];
                }""",
                place,
            )
            assert min(free) >= -1, (size, step, place, free)
        assert page.evaluate(NO_WIDER), (size, step)
    page.locator(".lesson-fold").click()
    expect(page.locator(".lesson-title")).to_be_hidden()
    page.locator(".lesson-fold").click()
    expect(page.locator(".lesson-title")).to_be_visible()


@pytest.mark.parametrize(("scheme", "lang", "size"), [("light", "en", (1440, 900)), ("dark", "zh", (390, 844))])
def test_axe_finds_nothing_serious_in_any_step(open_lesson, scheme: str, lang: str, size: tuple[int, int]) -> None:
    page = open_lesson(FIRST, scheme=scheme, lang=lang, size=size, still=True)
    for step in ("predict", "explain", "task"):
        tab(page, step)
        found = Axe().run(page).response["violations"]
        serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
        nodes = [(violation["id"], [node["html"] for node in violation["nodes"]][:3]) for violation in serious]
        assert not serious, (step, nodes)


# ---- the two judges ----


def test_the_page_judges_as_the_server_does(open_page) -> None:
    """Random figures, some on a bound or unknown, and random changes of what is to be kept."""
    page = open_page(still=True)
    rng = np.random.default_rng(1)
    measured = [name for name in course.QUANTITIES if name in course.get_args(course.Measured)]
    base = next(iter(lessons().values())).model_dump()
    experiments = [
        {
            "data": {"noise": noise, "dataset": dataset},
            "panels": [{"hidden": [{"width": width}] * depth, "learning_rate": rate}],
        }
        for noise in (0.1, 0.3)
        for dataset in ("xor", "spiral(turns=1.0)")
        for width in (3, 8)
        for depth in (1, 2)
        for rate in (0.1, 1)
    ]
    forms = [dump(parse(Experiment, each)) for each in experiments]
    keeps: list[list[str]] = [[], ["data"], ["data.noise", "hidden"], ["learning_rate", "data.dataset"]]
    cases, expected = [], []
    for _ in range(300):
        before, after = forms[rng.integers(len(forms))], forms[rng.integers(len(forms))]
        if rng.random() < 0.5:
            after = before
        figures = {name: round(float(rng.random()), 1) for name in measured}
        if rng.random() < 0.2:
            figures[measured[rng.integers(len(measured))]] = float("nan")
        gradients = [
            float(rng.random()),
            *[0.5] * (len(after["panels"][0]["hidden"]) - 1),
            float(rng.integers(0, 3)) / 2,
        ]
        updates = [round(float(rng.random()), 1), *[0.1] * len(after["panels"][0]["hidden"])]
        parameters = int(rng.integers(5, 60))
        conditions = []
        for _ in range(rng.integers(1, 3)):
            bound = (
                {"at_least": round(float(rng.random()), 1)}
                if rng.random() < 0.5
                else {"at_most": float(rng.integers(0, 10))}
            )
            conditions.append(Condition(quantity=course.QUANTITIES[rng.integers(len(course.QUANTITIES))], **bound))  # type: ignore[arg-type]
        text = {"en": "x", "zh": "某"}
        task = Task.model_validate(
            {"text": text, "keep": keeps[rng.integers(4)], "conditions": [each.model_dump() for each in conditions]}
        )
        lesson = Lesson.model_construct(**{**base, "task": task, "experiment": before})
        widths = [layer["width"] for layer in after["panels"][0]["hidden"]]
        found = {
            **figures,
            "gap": figures["train_accuracy"] - figures["test_accuracy"],
            "vote_gain": figures["vote_accuracy"] - figures["test_accuracy"],
            "first_gradient": gradients[0],
            "gradient_share": gradients[0] / gradients[-1] if gradients[-1] else float("nan"),
            "first_update": updates[0],
            "first_mean": updates[-1],
            "epoch": 3.0,
            "depth": len(widths),
            "hidden_units": sum(widths),
            "parameters": parameters,
        }
        expected.append(course.solved(lesson, after, 0, found))
        single = {name: None if value != value else float(np.float32(value)) for name, value in figures.items()}
        row = {**single, "epoch": 3, "gradient_norm": [float(np.float32(value)) for value in gradients]}
        row["update_ratio"] = [float(np.float32(value)) for value in updates]
        row["layer_mean"] = [updates[-1]] * len(after["panels"][0]["hidden"])
        cases.append(
            {"task": task.model_dump(), "before": before, "after": after, "row": row, "parameters": parameters}
        )
    judged = page.evaluate(
        """async (text) => {
          const { judge } = await import(new URL('judge.js', document.querySelector('script[type=module]').src));
          return JSON.parse(text).map(({ task, before, after, row, parameters }) => {
            for (const name of Object.keys(row)) row[name] ??= NaN;
            return judge({ task, experiment: before }, after, 0, row, parameters).solved;
          });
        }""",
        json.dumps(cases),
    )
    assert judged == expected
    assert 20 < sum(expected) < 280
