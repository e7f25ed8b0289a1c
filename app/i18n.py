"""The two languages. One flat JSON file each, shared by templates, browser and errors."""

import json
import re
from functools import cache

from app.resources import LOCALES

LANGUAGES = {"en": "English", "zh": "中文"}
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@cache
def strings(lang: str) -> dict[str, str]:
    """All texts of the page in one language."""
    loaded: dict[str, str] = json.loads((LOCALES / f"{lang}.json").read_text("utf-8"))
    return loaded


def translate(lang: str, key: str, /, **params: object) -> str:
    """The text for ``key`` with ``{placeholders}`` filled in. A parameter may itself be ``{"en": …, "zh": …}``."""

    def fill(match: re.Match[str]) -> str:
        value = params.get(match[1], match[0])
        return str(value[lang] if isinstance(value, dict) else value)

    return PLACEHOLDER.sub(fill, strings(lang)[key])


@cache
def technical() -> dict[str, str]:
    """The Chinese of the protocol page, by the English sentence that stands beside the code it describes."""
    loaded: dict[str, str] = json.loads((LOCALES / "protocol.zh.json").read_text("utf-8"))
    return loaded


def negotiate(asked: str | None, accept_language: str) -> str:
    """The language to answer in: what the address asks for, else the browser's first choice that we speak."""
    if asked in LANGUAGES:
        return asked
    choices = []
    for part in accept_language.split(","):
        tag, _, quality = part.partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if not weight <= 0:  # not a number counts as 1
            choices.append((-weight, tag.strip()[:2].lower()))
    return next((tag for _, tag in sorted(choices, key=lambda choice: choice[0]) if tag in LANGUAGES), "en")
