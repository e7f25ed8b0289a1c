"""What a page asks for over HTTP: the catalog in its language, and what follows from an experiment by itself.

Nothing here is trained, and nothing is remembered. What is wrong with a request is answered as a refused command is.
"""

import base64
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, PlainValidator, ValidationError
from starlette.concurrency import run_in_threadpool

from app import course, csv_points, describe, report, sharing, tf_links
from app.i18n import negotiate
from app.protocol import MAX_MESSAGE, Panel
from app.schema import STRICT, Invalid, Problem, load, parse, problems
from engine import Experiment
from engine.activations import Activation
from engine.bayes import Bayes, bayes
from engine.data import Inputs, draw

MAX_READ = 16 * 1024 * 1024

router = APIRouter(prefix="/api")

Language = Annotated[str | None, Query(description="en or zh; otherwise what the browser prefers.", max_length=20)]
LessonName = Annotated[str, Path(description="Id of a lesson, as the list has it.")]
Column = Annotated[int, Query(ge=0, le=csv_points.MAX_COLUMNS - 1, description="Position of a column, from 0.")]


class Asked(BaseModel):
    """What a request is about."""

    model_config = STRICT

    experiment: Annotated[
        Any,
        PlainValidator(partial(parse, Experiment)),
        Field(description="Data, panels, speed and seeds, as the state event shows them."),
    ]
    panel: Panel = 0


class Link(BaseModel):
    """A link of TensorFlow Playground."""

    model_config = STRICT

    link: Annotated[str, Field(max_length=32_768, description="The address, or what follows its #.")]


B = TypeVar("B", bound=BaseModel)

# What is expected in the body, by the name of the function: for the protocol page, because bodies are read by hand.
BODIES: dict[str, type[BaseModel]] = {
    "best_possible": Asked,
    "preprocessing": Asked,
    "report_document": Asked,
    "open_playground_link": Link,
    "export_playground_link": Asked,
}


def refusal(request: Request, error: Exception) -> Response:
    """Everything that is wrong with a request, as error events say it."""
    assert isinstance(error, Invalid)
    found = [
        {"path": problem.path, "code": problem.code, "params": problem.params, "message": problem.message}
        for problem in error.problems
    ]
    return JSONResponse({"errors": found}, status_code=422)


async def _read(request: Request, limit: int) -> bytes:
    """The body of a request, at most one byte more than the limit. Some of what is beyond it is read and thrown away:
    a browser shows no answer to what it could not send off."""
    data = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        data += chunk[: limit + 1 - len(data)]
        if size > MAX_READ:
            break
    return bytes(data)


async def _asked(request: Request, kind: type[B]) -> B:
    data = await _read(request, MAX_MESSAGE)
    if len(data) > MAX_MESSAGE:
        raise Invalid(Problem((), "too_big", {"value": len(data), "limit": MAX_MESSAGE}))
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Invalid(Problem((), "invalid_json", {"reason": str(error)[:120]})) from None
    try:
        return kind.model_validate(load(text))
    except ValidationError as error:
        raise Invalid(*problems(error)) from None


def _language(request: Request, lang: str | None) -> str:
    return negotiate(lang, request.headers.get("accept-language", ""))


@router.get("/catalog")
def catalog(request: Request, lang: Language = None) -> dict[str, list[dict[str, Any]]]:
    """Every component, by family."""
    return describe.catalog(_language(request, lang))


@router.get("/boot")
def boot(request: Request, lang: Language = None) -> dict[str, Any]:
    """Everything the page needs to draw itself in one language."""
    return describe.boot(_language(request, lang), request.app.state.settings.bounds)


@router.get("/lessons")
def lessons(request: Request, lang: Language = None) -> list[dict[str, Any]]:
    """Every section of the course with its lessons."""
    return course.overview(_language(request, lang))


@router.get("/lessons/{name}")
def lesson(request: Request, name: LessonName, lang: Language = None) -> dict[str, Any]:
    """One lesson: its texts in one language, the prepared panels and their link, the task, the solution."""
    return course.describe(name, _language(request, lang))


@router.get("/curve")
def curve(
    activation: Annotated[str, Query(max_length=200, description="Such as leaky_relu(slope=0.3).")],
) -> dict[str, list[float]]:
    """The curve of an activation and of its derivative."""
    return describe.curve(parse(Activation, activation))


@router.get("/qr")
def qr(
    text: Annotated[str, Query(min_length=1, max_length=sharing.MAX_ADDRESS, description="What the code says.")],
) -> Response:
    """A QR code as an SVG image; it holds at most 2,953 bytes."""
    return Response(sharing.qr(text), media_type="image/svg+xml")


@router.post("/bayes")
async def best_possible(request: Request) -> dict[str, Any]:
    """How well anyone could do on the data of an experiment who knew their distribution; all null where nobody does."""
    experiment = (await _asked(request, Asked)).experiment
    found = await run_in_threadpool(bayes, experiment.data) or Bayes(None)
    # What is known holds for a loss at its defaults.
    other = {spec.loss.id for spec in experiment.panels if spec.loss != type(spec.loss)()}
    return {
        "error": found.error,
        "losses": {name: value for name, value in found.losses.items() if name not in other},
        "grid": None if found.best is None else base64.b64encode(found.best.tobytes()).decode(),
    }


@router.post("/preprocessing")
async def preprocessing(request: Request, lang: Language = None) -> dict[str, Any]:
    """The first two inputs of a network at every point, before and after preprocessing."""
    asked = await _asked(request, Asked)
    panels = asked.experiment.panels
    if asked.panel >= len(panels):
        raise Invalid(
            Problem(("panel",), "no_such_panel", {"value": asked.panel, "minimum": 0, "maximum": len(panels) - 1})
        )
    return await run_in_threadpool(_before_and_after, asked.experiment, asked.panel, _language(request, lang))


def _before_and_after(experiment: Experiment, panel: int, lang: str) -> dict[str, Any]:
    spec = experiment.panels[panel]
    data = draw(experiment.data)
    count = data.n_train - spec.n_held_out(data)  # what early stopping holds out is not fitted on
    fitted = slice(None) if spec.fit_on_all else slice(count)
    inputs = Inputs(spec.features, spec.preprocessing, data.points[:, fitted])
    before = inputs.compute(data.points)
    names = [getattr(feature.label, lang) for feature in spec.features[:2]]

    def view(values: Any, names: list[str]) -> dict[str, Any]:
        return {"axes": names, "points": values[:2].T.round(4).tolist()}

    return {
        "before": view(before, names),
        "after": view(inputs.affine(before), [f"{name}′" for name in names]),
        "labels": data.labels.round(4).tolist(),
        "part": data.parts.tolist(),
    }


@router.post("/tensorflow")
async def open_playground_link(request: Request) -> dict[str, Any]:
    """What a link of TensorFlow Playground means here."""
    link = (await _asked(request, Link)).link
    if not tf_links.is_tf(link):
        raise Invalid(Problem(("link",), "not_a_playground_link", {}))
    return await run_in_threadpool(tf_links.opened, link)


@router.post("/tensorflow/export")
async def export_playground_link(request: Request, lang: Language = None) -> dict[str, Any]:
    """The link of TensorFlow Playground for an experiment, or the reasons why there is none."""
    experiment = (await _asked(request, Asked)).experiment
    return await run_in_threadpool(tf_links.exported, experiment, _language(request, lang))


@router.post("/report")
async def report_document(request: Request, lang: Language = None) -> dict[str, Any]:
    """A report on an experiment as an HTML file, in which the page puts its results and Plotly in their places."""
    experiment = (await _asked(request, Asked)).experiment
    text = await run_in_threadpool(report.document, experiment, _language(request, lang))
    return {"document": text, "results": report.RESULTS, "plotly": report.PLOTLY}


@router.post("/csv")
async def csv(
    request: Request, x: Column | None = None, y: Column | None = None, label: Column | None = None
) -> dict[str, Any]:
    """Points from a table: what is in it, or with three columns chosen, the points."""
    data = await _read(request, csv_points.MAX_BYTES)
    if x is None or y is None or label is None:
        return await run_in_threadpool(csv_points.preview, data)
    return await run_in_threadpool(csv_points.points, data, x, y, label)
