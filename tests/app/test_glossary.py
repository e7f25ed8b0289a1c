"""The glossary: in both languages, in order, and every address in it leads somewhere."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from markupsafe import escape

from app.glossary import Entry, entries, listed
from app.i18n import LANGUAGES
from app.server import create_app
from app.settings import Settings


def test_terms_are_in_order_and_stand_once() -> None:
    terms = [entry.term.en.lower() for entry in entries()]
    assert len(terms) == len(set(terms)) >= 50
    assert len({entry.term.zh for entry in entries()}) == len(terms)
    assert len({entry["id"] for entry in listed("en")}) == len(terms)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.term.en)
def test_every_term_is_told_in_both_languages_and_shown(entry: Entry, driver: Any) -> None:
    assert entry.text.en.endswith(".") and entry.text.zh.endswith("。")
    assert any("一" <= char <= "鿿" for char in entry.text.zh)
    address = urlsplit(entry.see)
    if address.fragment.startswith("v="):
        talk = driver(address.fragment)
        assert not driver.of("error", talk.seen) and not driver.of("notice", talk.seen)


def get(path: str) -> str:
    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(Settings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.get(path)

    answered = asyncio.run(answer())
    assert answered.status_code == 200, path
    return answered.text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_tells_every_term(lang: str) -> None:
    page = get(f"/glossary?lang={lang}")
    for entry in listed(lang):
        assert (
            str(escape(entry["term"])) in page
            and str(escape(entry["text"])) in page
            and str(escape(entry["see"])) in page
        )


def test_the_addresses_are_those_of_pages_and_their_parts() -> None:
    addresses = [urlsplit(entry.see) for entry in entries()]
    pages = {path: get(f"/{path.removeprefix('./')}") for path in {address.path for address in addresses}}
    for address in addresses:
        if address.path != "./" and address.fragment:
            assert f'id="{address.fragment}"' in pages[address.path]
