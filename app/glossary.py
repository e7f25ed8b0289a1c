"""The glossary: the field's terms in both languages, one sentence each, and where on the page to see it.

`glossary.json` is a list of entries in the order in which they are shown.
"""

import json
from functools import cache

from pydantic import BaseModel

from app.resources import ROOT
from app.schema import STRICT


class Words(BaseModel):
    """The same in both languages."""

    model_config = STRICT
    en: str
    zh: str


class Entry(BaseModel):
    """A term, what it means, and the address, seen from the start page, where it shows."""

    model_config = STRICT
    term: Words
    text: Words
    see: str


@cache
def entries() -> tuple[Entry, ...]:
    """All entries. Raises ValidationError if the file is not as it should be."""
    return tuple(map(Entry.model_validate, json.loads((ROOT / "app" / "glossary.json").read_text("utf-8"))))


def listed(lang: str) -> list[dict[str, str]]:
    """What a page shows: the term, its name in the other language, the sentence, and where to see it."""
    other = "en" if lang == "zh" else "zh"
    return [
        {
            "id": entry.term.en.lower().replace(" ", "-").replace("(", "").replace(")", ""),
            "term": getattr(entry.term, lang),
            "other": getattr(entry.term, other),
            "other_lang": "zh-CN" if other == "zh" else other,
            "text": getattr(entry.text, lang),
            "see": entry.see,
        }
        for entry in entries()
    ]
