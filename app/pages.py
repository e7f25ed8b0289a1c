"""The pages: drawn by Jinja from the same texts and the same catalog that the browser uses."""

import json
import typing
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute
from markupsafe import Markup
from starlette.templating import Jinja2Templates

from app import __version__, api, course, describe, examples, glossary, protocol, sharing
from app.i18n import LANGUAGES, negotiate, technical, translate
from app.mathml import mathml
from app.resources import PLOTLY_NAME, STATIC, TEMPLATES
from app.schema import Problem
from app.security import policy
from app.settings import Settings
from app.showcase import showcase
from engine import CATALOG

router = APIRouter(include_in_schema=False)
templates = Jinja2Templates(TEMPLATES)
templates.env.filters["mathml"] = lambda formula: Markup(mathml(formula))


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _language(request: Request) -> str:
    return negotiate(request.query_params.get("lang"), request.headers.get("accept-language", ""))


def _render(request: Request, name: str, **context: Any) -> HTMLResponse:
    lang = _language(request)
    base = {
        "lang": lang,
        "languages": list(LANGUAGES.items()),
        "t": lambda key, **params: translate(lang, key, **params),
        "version": __version__,
        "static": f"static/v-{request.app.state.edition.renew()}",
        "plotly_url": f"static/{PLOTLY_NAME}",
    }
    made = {key: value(lang) if callable(value) else value for key, value in context.items()}
    return templates.TemplateResponse(request, name, base | made, headers={"cache-control": "no-cache"})


def _boot(request: Request, controls: bool = True) -> str:
    """What the page needs to draw itself; without ``controls`` most of it is left out, which only they need."""
    boot = describe.boot(_language(request), _settings(request).bounds)
    # "<" could end the script element that carries it
    return json.dumps(boot if controls else _to_look(boot), ensure_ascii=False).replace("<", "\\u003c")


def _to_look(boot: dict[str, Any]) -> dict[str, Any]:
    del boot["variations"]
    for entries in boot["catalog"].values():
        for entry in entries:
            entry.pop("curve", None)
            if "example" in entry:
                entry["example"] = None
    return boot


def _families(lang: str) -> list[dict[str, Any]]:
    components = describe.catalog(lang)
    return [
        {
            "id": family,
            "label": registry.label.zh if lang == "zh" else registry.label.en,
            "components": [entry | {"live": showcase(registry[entry["id"]])} for entry in components[family]],
        }
        for family, registry in CATALOG.items()
    ]


JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", list: "list", type(None): "null"}


def _type(annotation: Any) -> str:
    """What JSON calls a type."""
    parts = typing.get_args(annotation)
    if parts and typing.get_origin(annotation) is not list:
        return " or ".join(map(_type, parts))
    return JSON_TYPES.get(typing.get_origin(annotation) or annotation, "any")


def _told(lang: str, text: str | None) -> str:
    """A sentence from the code in the language of the page; in English where it has not been translated."""
    plain = " ".join((text or "").split())
    return technical().get(plain, plain) if lang == "zh" else plain


def commands(lang: str) -> list[dict[str, Any]]:
    """Every command with its fields, from the models."""
    return [
        {
            "name": typing.get_args(command.model_fields["type"].annotation)[0],
            "description": _told(lang, command.__doc__),
            "fields": [
                {
                    "name": name,
                    "type": _type(field.annotation),
                    "description": _told(lang, field.description),
                    "required": field.is_required(),
                }
                for name, field in command.model_fields.items()
                if name != "type"
            ],
        }
        for command in protocol.COMMANDS
    ]


def events(lang: str) -> list[dict[str, Any]]:
    """Every event with its fields."""
    return [
        {
            "name": name,
            "description": _told(lang, description),
            "fields": [
                {"name": field, "type": "", "description": _told(lang, text), "required": True}
                for field, text in fields.items()
            ],
        }
        for name, (description, fields) in protocol.EVENTS.items()
    ]


def messages(lang: str) -> list[dict[str, Any]]:
    """Every kind of binary message with its arrays."""
    return [
        {
            "name": kind,
            "description": _told(lang, description),
            "fields": [
                {"name": name, "type": f"{dtype} {shape}", "description": _told(lang, text), "required": True}
                for name, (dtype, shape, text) in arrays.items()
            ],
        }
        for kind, (description, arrays) in protocol.MESSAGES.items()
    ]


def requests(lang: str) -> list[dict[str, Any]]:
    """What can be asked over HTTP, from the routes of `app.api`."""
    listed = []
    for route in api.router.routes:
        if not isinstance(route, APIRoute):
            continue
        fields = [
            {
                "name": parameter.name,
                "type": "query",
                "description": _told(lang, parameter.field_info.description),
                "required": parameter.field_info.is_required(),
            }
            for parameter in route.dependant.query_params
        ]
        for parameter in route.dependant.path_params:
            about = {"name": parameter.name, "type": "path", "description": parameter.field_info.description or ""}
            fields.insert(0, {**about, "required": True})
        body = api.BODIES.get(route.endpoint.__name__)
        for name, field in body.model_fields.items() if body else ():
            about = {"name": name, "type": _type(field.annotation), "description": _told(lang, field.description)}
            fields.append({**about, "required": field.is_required()})
        name = f"{'/'.join(sorted(route.methods or ()))} {route.path.lstrip('/')}"
        listed.append({"name": name, "description": _told(lang, route.description), "fields": fields})
    return listed


@router.get("/", response_class=HTMLResponse)
def index(request: Request) -> HTMLResponse:
    public = _settings(request).public_url
    lang = _language(request)
    own = f"{public}?{request.url.query}" if request.url.query else public
    discovery = f"{public}oembed?{urlencode({'url': own, 'lang': lang})}" if public else ""
    return _render(request, "index.html", boot=_boot(request), public_url=public, discovery=discovery)


# ---- in other pages ----

# What an embedded page may be made of, beside the panels; in the address as ?parts=transport,numbers.
PARTS = ("transport", "speed", "numbers", "charts", "data", "settings", "link")
USUAL_PARTS = frozenset({"transport", "numbers", "link"})


@router.get("/embed", response_class=HTMLResponse)
def embed(request: Request) -> HTMLResponse:
    asked = request.query_params.get("parts")
    parts = USUAL_PARTS if asked is None else frozenset(asked.split(",")) & frozenset(PARTS)
    settings = _settings(request)
    theme = request.query_params.get("theme")
    page = _render(
        request,
        "embed.html",
        parts=parts,
        theme=theme if theme in ("light", "dark") else "",
        origins=json.dumps(settings.allowed_origins + settings.embed_origins + ["null"] * settings.allow_null_origin),
        public_url=settings.public_url,
        sprite=(STATIC / "icon.svg").read_text("utf-8"),
        boot=_boot(request, controls=bool(parts & {"data", "settings"})),
    )
    anyone = settings.frame_ancestors
    page.headers["content-security-policy"] = policy(*([] if {"*", "'none'"} & {*anyone} else ["'self'"]), *anyone)
    return page


@router.get("/examples/{name}", response_class=HTMLResponse)
@router.get("/examples/", response_class=HTMLResponse)
def example(request: Request, name: str = "index") -> HTMLResponse:
    """The playground inside of other pages."""
    if name not in examples.PAGES:
        raise HTTPException(404)
    shown = {"links": examples.LINKS, "slides": examples.SLIDES, "cells": examples.notebook}
    return _render(request, f"examples/{name}.html", up="../", **shown)


@router.get("/oembed")
def oembed(
    request: Request,
    url: Annotated[str, Query(max_length=sharing.MAX_ADDRESS)],
    maxwidth: Annotated[int | None, Query(ge=1)] = None,
    maxheight: Annotated[int | None, Query(ge=1)] = None,
    format: Annotated[str, Query(max_length=10)] = "json",
) -> JSONResponse:
    """oEmbed (oembed.com): the playground at one of our own addresses, as an iframe. 404 for any other address and
    without a public one, 501 for another format than JSON."""
    public = _settings(request).public_url
    found = sharing.oembed(public, url, maxwidth, maxheight, _language(request)) if public else None
    if found is None:
        raise HTTPException(404)
    if format != "json":
        raise HTTPException(501)
    return JSONResponse(found, headers={"access-control-allow-origin": "*"})


@router.get("/reference", response_class=HTMLResponse)
def reference(request: Request) -> HTMLResponse:
    return _render(request, "reference.html", families=_families)


@router.get("/lessons", response_class=HTMLResponse)
def lessons(request: Request) -> HTMLResponse:
    return _render(request, "lessons.html", sections=course.overview)


@router.get("/glossary", response_class=HTMLResponse)
def glossary_page(request: Request) -> HTMLResponse:
    return _render(request, "glossary.html", terms=glossary.listed)


@router.get("/protocol", response_class=HTMLResponse)
def protocol_page(request: Request) -> HTMLResponse:
    return _render(request, "protocol.html", commands=commands, events=events, messages=messages, requests=requests)


def error(request: Request, status: int, problem: Problem, headers: dict[str, str]) -> HTMLResponse:
    """A page that says what is wrong, for people who came by a bad link."""
    page = _render(request, "error.html", status=status, sentence=problem.sentence)
    page.status_code = status
    page.headers.update(headers)
    return page
