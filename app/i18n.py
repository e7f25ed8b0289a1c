"""The two languages. One flat JSON file each, shared by templates, browser and errors."""

import json
from functools import cache

from app.resources import LOCALES

LANGUAGES = {"en": "English", "zh": "中文"}


@cache
def strings(lang: str) -> dict[str, str]:
    """All texts of the page in one language."""
    loaded: dict[str, str] = json.loads((LOCALES / f"{lang}.json").read_text("utf-8"))
    return loaded


def translate(lang: str, key: str, /, **params: object) -> str:
    """The text for ``key`` with ``{placeholders}`` filled in."""
    text = strings(lang)[key]
    for name, value in params.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def negotiate(asked: str | None, accept_language: str) -> str:
    """The language to answer in: what the address asks for, else the browser's first choice that we speak."""
    if asked in LANGUAGES:
        return asked
    choices = []
    for part in accept_language.split(","):
        tag, _, quality = part.partition(";q=")
        try:
            choices.append((-float(quality or 1), tag.strip()[:2].lower()))
        except ValueError:
            continue
    return next((tag for _, tag in sorted(choices, key=lambda choice: choice[0]) if tag in LANGUAGES), "en")
