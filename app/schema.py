"""From the engine's annotations to pydantic's validation: nothing that has a range is written down twice.

Every dataclass of the engine (specs and components) becomes a strict pydantic model; what is accepted is turned
back into the dataclass. A component may be given as an object, ``{"id": "leaky_relu", "slope": 0.1}``, or in short,
``"leaky_relu(slope=0.1)"``, the form that links use. A text in a short form stands in quotes, as in JSON; a plain word
needs none: ``formula(expression="max(x1, x2)")``, ``function(function=sine)``.
"""

import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import Annotated, Any, Literal, cast, get_args, get_origin, get_type_hints

from annotated_types import Interval, Len
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WrapValidator,
    create_model,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from app.i18n import strings, translate
from app.views.base import VIEWS
from engine import CATALOG
from engine.component import Component, Refused, Setting

REGISTRIES: dict[str, Mapping[str, type[Component]]] = {**CATALOG, "views": VIEWS}

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

MAX_NESTING = 20
MAX_LITERAL = 40  # of a number
MAX_TEXT = 12_000  # of a text; as many points as a dataset may have fit in

SHORT = re.compile(r"(\w+)\s*(?:\((.*)\))?", re.DOTALL)
PLAIN = re.compile(r"[A-Za-z0-9_-]+")

# What decides where a list is split: a quoted text as a whole (one that is never closed reaches to the end), or a mark.
MARK = re.compile(r'"(?:[^"\\]|\\.)*"?|[,()]', re.DOTALL)

# Control characters, and halves of characters, which cannot be sent.
UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input: where, what kind, and the figures that explain it."""

    path: tuple[str | int, ...]
    code: str
    params: dict[str, Any]

    @property
    def message(self) -> str:
        """The problem in English, ``panels[0].hidden[2].width: 9999 is above 128``."""
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).lstrip(".")
        return f"{where}: {self.sentence('en')}" if where else self.sentence("en")

    def sentence(self, lang: str) -> str:
        """What is wrong, without where."""
        family = "error" if f"error.{self.code}" in strings(lang) else "notice"
        return translate(lang, f"{family}.{self.code}", **self.params)

    def under(self, *path: str | int) -> "Problem":
        return dataclasses.replace(self, path=(*path, *self.path))


class Invalid(Exception):
    """Input that was refused, with everything that is wrong with it."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


def refusal(error: Refused, *path: str | int) -> Problem:
    """What the engine refused, as a problem of the field to change."""
    at = {} if error.position is None else {"position": error.position}
    return Problem((*path, error.field), "impossible", {"reason": error.reason._asdict(), **at})


# What pydantic calls an error, and what we call it.
CODES = {
    "greater_than": "too_small",
    "greater_than_equal": "too_small",
    "less_than": "too_large",
    "less_than_equal": "too_large",
    "finite_number": "not_finite",
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "too_short": "too_short",
    "too_long": "too_long",
    "string_too_long": "too_long",
    "unknown_choice": "unknown_choice",
}


def shown(value: object) -> str:
    """A value as an error quotes it: short and harmless."""
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 40 else text[:37] + "…"


def problems(error: ValidationError) -> list[Problem]:
    """Pydantic's errors in our words."""
    found = []
    for detail in error.errors(include_url=False):
        context = dict(detail.get("ctx", {}))
        code = context.pop("code", None) or CODES.get(detail["type"], "wrong_type")
        params = {
            "value": shown(detail["input"]),
            "minimum": next((context[name] for name in ("minimum", "ge", "gt", "min_length") if name in context), None),
            "maximum": next((context[name] for name in ("maximum", "le", "lt", "max_length") if name in context), None),
            **{name: context.get(name) for name in ("expected", "length", "position", "reason")},
            "key": context.get("key") or (str(detail["loc"][-1]) if detail["loc"] else ""),
        }
        found.append(Problem(detail["loc"], code, {name: item for name, item in params.items() if item is not None}))
    return found


def load(text: str) -> Any:
    """JSON without what JSON does not have: no NaN or Infinity, no key twice, no bottomless nesting. Raises Invalid."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        loaded = dict(pairs)
        if len(loaded) < len(pairs):
            raise ValueError("a key stands twice in an object")
        return loaded

    def constant(name: str) -> float:
        raise ValueError(f"{name} is no JSON number")

    def deepest(value: Any) -> int:
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + max(map(deepest, children), default=0)

    try:
        value = json.loads(text, object_pairs_hook=once, parse_constant=constant)
        text.encode()  # lone surrogates
        if deepest(value) > MAX_NESTING:
            raise ValueError(f"nested deeper than {MAX_NESTING}")
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]
        raise Invalid(Problem((), "invalid_json", {"reason": reason})) from None
    return value


def parse(kind: Any, value: object) -> Any:
    """Validate ``value`` as an engine dataclass (or an annotated field of one). Raises Invalid."""
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as error:
        raise Invalid(*problems(error)) from None


def dump(value: Any) -> Any:
    """The JSON form of specs and components: what `parse` accepts."""
    if isinstance(value, Component):
        fields = {field.name: dump(getattr(value, field.name)) for field in dataclasses.fields(value)}  # type: ignore[arg-type]
        return {"id": value.id, **fields}
    if dataclasses.is_dataclass(value):
        return {field.name: dump(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [dump(item) for item in value]
    return value


def short(component: Component) -> str:
    """The short form of a component: its id, and in brackets the parameters that are not at their default."""
    changed = [
        f"{field.name}={_written(getattr(component, field.name))}"
        for field in dataclasses.fields(component)  # type: ignore[arg-type]
        if getattr(component, field.name) != field.default
    ]
    return f"{component.id}({','.join(changed)})" if changed else component.id


def _written(value: object) -> str:
    """A parameter in a short form: JSON, but a word that `literal` takes for itself stands without quotes."""
    if isinstance(value, str) and PLAIN.fullmatch(value) and literal(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def entries(text: str) -> list[str]:
    """The parts of a list in a link, split at the commas that stand in no brackets and no quotes; empty ones are left
    out. One pass, whatever the text."""
    parts, begin, depth = [], 0, 0
    for mark in MARK.finditer(text):
        if mark[0] == "(":
            depth += 1
        elif mark[0] == ")":
            depth = max(0, depth - 1)
        elif mark[0] == "," and not depth:
            parts.append(text[begin : mark.start()])
            begin = mark.end()
    return [part for part in (*parts, text[begin:]) if part]


def _expand(text: str) -> dict[str, Any]:
    """The object that a short form stands for."""
    match = SHORT.fullmatch(text.strip())
    if not match:
        return {"id": text}
    pairs = [entry.partition("=") for entry in entries(match[2] or "")]
    expanded = {name.strip(): literal(value) for name, _, value in pairs}
    if "id" in expanded:
        raise PydanticCustomError("extra_forbidden", "no id among the parameters", {"key": "id"})
    return expanded | {"id": match[1]}


def literal(text: str) -> Any:
    """The number, quoted text or word that a text in a link stands for; whatever is none of these stays as it is."""
    text = text.strip()
    longest = 2 * MAX_TEXT + 2 if text.startswith('"') else MAX_LITERAL  # each character may be an escaped quote
    try:
        return json.loads(text) if len(text) <= longest else text
    except ValueError:
        return text


def fields_of(cls: type) -> Iterable[tuple[str, Any, Setting | None, Interval | None]]:
    """Name, annotation, `Setting` and range of every field of a spec or component class."""
    hints = get_type_hints(cls, include_extras=True)
    for field in dataclasses.fields(cls):
        metadata = get_args(hints[field.name])[1:] if get_origin(hints[field.name]) is Annotated else ()
        setting = next((item for item in metadata if isinstance(item, Setting)), None)
        interval = next((item for item in metadata if isinstance(item, Interval)), None)
        yield field.name, hints[field.name], setting, interval


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(_translate(kind), config=STRICT)


@cache
def _model(cls: type) -> type[BaseModel]:
    definitions: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        definitions[field.name] = (_translate(get_type_hints(cls, include_extras=True)[field.name]), None)
    return create_model(cls.__name__, __config__=STRICT, **definitions)


def _translate(hint: Any) -> Any:
    """The annotation with engine classes replaced by validators that build them."""
    if get_origin(hint) is Annotated:
        base, *metadata = get_args(hint)
        if base is str:
            length = next((item for item in metadata if isinstance(item, Len)), Len(0, MAX_TEXT))
            return Annotated[Any, PlainValidator(partial(_text, length.min_length, length.max_length))]
        inner = Annotated[(_translate(base), *metadata)]  # type: ignore[valid-type]
        interval = next((item for item in metadata if isinstance(item, Interval)), None)
        return Annotated[inner, WrapValidator(partial(_with_range, interval, base))] if interval else inner
    if hint is str:
        return _translate(Annotated[str, Len(0, MAX_TEXT)])
    if get_origin(hint) is Literal:
        return Annotated[Any, PlainValidator(partial(_choice, get_args(hint)))]
    if get_origin(hint) is tuple:
        entry = get_args(hint)[0]
        checks = [_each_once] if isinstance(entry, type) and issubclass(entry, Component) else []
        return Annotated[(list[_translate(entry)], *map(AfterValidator, checks), AfterValidator(tuple))]  # type: ignore[misc]
    if isinstance(hint, type) and issubclass(hint, Component):
        return Annotated[Any, PlainValidator(partial(_component, hint))]
    if dataclasses.is_dataclass(hint):
        return Annotated[Any, PlainValidator(partial(_build, cast("type", hint)))]
    return hint


def _with_range(interval: Interval, kind: type, value: object, handler: Callable[[object], Any]) -> Any:
    """Let pydantic judge, and have the error name both ends of the legal range."""
    try:
        return handler(value)
    except ValidationError as error:
        code = CODES.get(error.errors()[0]["type"], "wrong_type")
        low = interval.ge if interval.ge is not None else interval.gt
        high = interval.le if interval.le is not None else interval.lt
        if code == "wrong_type":
            code = "not_integer" if kind is int else "not_number"
        context = {"code": code, "minimum": low, "maximum": high}
        raise PydanticCustomError("out_of_range", "a number from {minimum} to {maximum}", context) from None


def _text(low: int, high: int | None, value: object) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("not_text", "a text", {"code": "not_text"})
    if len(value) < low or (high is not None and len(value) > high):
        code = "text_too_short" if len(value) < low else "text_too_long"
        context = {"code": code, "minimum": low, "maximum": high, "length": len(value)}
        raise PydanticCustomError("text_length", "a text of {minimum} to {maximum} characters", context)
    if unfit := UNFIT.search(value):
        context = {"code": "bad_character", "position": unfit.start()}
        raise PydanticCustomError("bad_character", "no control characters", context)
    return value


def _choice(options: tuple[Any, ...], value: object) -> Any:
    for option in options:
        if type(value) is type(option) and value == option:
            return option
    context = {"code": "unknown_choice", "expected": ", ".join(map(str, options))}
    raise PydanticCustomError("unknown_choice", "one of {expected}", context)


def _each_once(components: list[Component]) -> list[Component]:
    if len(set(components)) < len(components):
        raise PydanticCustomError("twice", "each only once", {"code": "twice"})
    return components


def whole(low: int, high: int, description: str) -> Any:
    """The annotation of a whole number in a command, with a range that errors name."""
    interval = Interval(ge=low, le=high)
    ranged = WrapValidator(partial(_with_range, interval, int))
    return Annotated[int, Field(ge=low, le=high, description=description), ranged]


def real(low: float, high: float, description: str) -> Any:
    """The annotation of a number in a command, with a range that errors name."""
    interval = Interval(ge=low, le=high)
    ranged = WrapValidator(partial(_with_range, interval, float))
    return Annotated[float, Field(ge=low, le=high, description=description), ranged]


def _build(cls: type, value: object) -> Any:
    if isinstance(value, cls):
        return value
    model = _model(cls).model_validate(value)
    try:
        return cls(**{name: getattr(model, name) for name in model.model_fields_set})
    except Refused as error:
        context = {"code": "impossible", **refusal(error).params}
        kind = PydanticCustomError("impossible", "settings that make sense together", context)
        detail = InitErrorDetails(type=kind, loc=(error.field,), input=getattr(model, error.field, None))
        raise ValidationError.from_exception_data(cls.__name__, [detail]) from None


def _component(base: type[Component], value: object) -> Component:
    if isinstance(value, base):
        return value
    if isinstance(value, str):
        value = _expand(value)
    registry = REGISTRIES[base.family]
    if not isinstance(value, dict):
        raise PydanticCustomError("wrong_type", "an object with an id", {})
    if "id" not in value:
        raise PydanticCustomError("missing", "an id", {"key": "id"})
    if not isinstance(value["id"], str) or value["id"] not in registry:
        expected = ", ".join(registry)
        context = {"code": "unknown_choice", "expected": expected}
        raise PydanticCustomError("unknown_choice", "one of {expected}", context)
    return _build(registry[value["id"]], {name: item for name, item in value.items() if name != "id"})
