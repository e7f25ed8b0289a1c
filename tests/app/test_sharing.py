"""What leaves the playground: QR codes, oEmbed, and the page that others embed."""

import asyncio
import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app import sharing
from app.pages import PARTS
from app.schema import Invalid
from app.server import create_app
from app.settings import Settings

PUBLIC = "https://playground.example/nn/"


def get(path: str, settings: Settings | None = None, **headers: str) -> httpx.Response:
    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(settings or Settings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(answer())


# ---- QR codes; that a camera reads them is tested in the browser ----


def squares(svg: str) -> int:
    """Modules along a side of a QR code, its quiet border apart."""
    match = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert match and match[1] == match[2]
    return int(match[1]) - 2 * sharing.QUIET


def test_a_qr_code_is_as_small_as_its_text_lets_it_be() -> None:
    sizes = [squares(sharing.qr("a" * length)) for length in (1, 17, 18, 2953)]
    assert sizes == [21, 21, 25, 177]  # versions 1, 1, 2 and 40 of the standard at its lowest level


def test_the_largest_qr_code_and_one_byte_more() -> None:
    assert "<svg" in sharing.qr("é" * 1476 + "a")  # 2,953 bytes in UTF-8
    for text in ("a" * 2954, "é" * 1477, "a" * 30_000):
        with pytest.raises(Invalid) as caught:
            sharing.qr(text)
        problem = caught.value.problems[0]
        assert (problem.code, problem.params["maximum"]) == ("qr_too_long", 2953)
        assert problem.params["length"] == len(text.encode())


@given(st.text(min_size=1, max_size=200))
def test_any_text_has_a_qr_code_or_is_refused(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate cannot come out of an address
        return
    svg = sharing.qr(text)
    assert squares(svg) >= 21
    assert text not in svg or len(text) < 4  # nothing of the text becomes markup


def test_a_qr_code_over_http() -> None:
    answer = get(f"/api/qr?{urlencode({'text': 'https://playground.example/#v=1&hidden=20'})}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert squares(answer.text) < 40
    for query in ({"text": "a" * 2954}, {"text": ""}, {}, {"text": "a" * (sharing.MAX_ADDRESS + 1)}):
        answer = get(f"/api/qr?{urlencode(query)}")
        assert answer.status_code == 422 and len(answer.json()["errors"]) == 1, query


# ---- oEmbed ----


class Frame(HTMLParser):
    """The attributes of the one iframe in a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag == "iframe"
        self.found.append(dict(attrs))


def ask(url: str, settings: Settings | None = None, **query: Any) -> httpx.Response:
    return get(f"/oembed?{urlencode({'url': url, **query})}", settings or Settings(public_url=PUBLIC))


@pytest.mark.parametrize(
    ("url", "src"),
    [
        (PUBLIC, f"{PUBLIC}embed?lang=en"),
        (PUBLIC.rstrip("/"), f"{PUBLIC}embed?lang=en"),
        (f"{PUBLIC}#v=1&hidden=3&b.hidden=20", f"{PUBLIC}embed?lang=en#v=1&hidden=3&b.hidden=20"),
        (f"{PUBLIC}?show=discretize#v=1", f"{PUBLIC}embed?show=discretize&lang=en#v=1"),
        (f"{PUBLIC}?link=v%3D1%26hidden%3D3", f"{PUBLIC}embed?link=v%3D1%26hidden%3D3&lang=en"),
        (f"{PUBLIC}embed?parts=&lang=zh#v=1", f"{PUBLIC}embed?parts=&lang=zh#v=1"),
        ("HTTPS://Playground.Example/nn/", f"{PUBLIC}embed?lang=en"),
    ],
)
def test_oembed_turns_our_addresses_into_the_embedded_page(url: str, src: str) -> None:
    answer = ask(url)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["version"], told["type"], told["width"], told["height"]) == ("1.0", "rich", 640, 520)
    (frame,) = Frame(told["html"]).found
    assert (frame["src"], frame["width"], frame["height"]) == (src, "640", "520")
    assert frame["title"] == told["title"] == "Neural network playground"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://[",
        "https://elsewhere.example/nn/",
        "https://playground.example.evil.example/nn/",
        "https://playground.example@evil.example/nn/",
        "http://playground.example/nn/",
        "https://playground.example/nn/reference",
        "https://playground.example/nnx/",
        "https://playground.example/",
        "javascript:alert(1)",
    ],
)
def test_oembed_knows_no_other_address(url: str) -> None:
    assert ask(url).status_code == 404


def test_oembed_keeps_to_the_largest_size_and_to_json() -> None:
    told = ask(PUBLIC, maxwidth=400, maxheight=310).json()
    assert (told["width"], told["height"]) == (400, 310)
    assert 'width="400" height="310"' in told["html"]
    assert ask(PUBLIC, maxwidth=4000).json()["width"] == 640
    assert ask(PUBLIC, maxwidth=0).status_code == 422
    assert ask(PUBLIC, format="xml").status_code == 501
    assert ask(PUBLIC, format="json").status_code == 200
    assert ask(PUBLIC, lang="zh").json()["title"] == "神经网络游乐场"


def test_without_a_public_address_there_is_no_oembed() -> None:
    assert ask("http://127.0.0.1:8000/", Settings()).status_code == 404
    assert "oembed" not in get("/").text


def test_the_page_tells_of_oembed() -> None:
    page = get("/?lang=zh&link=v%3D1%26noise%3D0.3", Settings(public_url=PUBLIC)).text
    match = re.search(r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', page)
    assert match
    address = match[1].replace("&amp;", "&")
    assert address.startswith(f"{PUBLIC}oembed?")
    told = get(address.removeprefix(PUBLIC.rstrip("/")), Settings(public_url=PUBLIC)).json()
    (frame,) = Frame(told["html"]).found
    assert frame["src"] == f"{PUBLIC}embed?lang=zh&link=v%3D1%26noise%3D0.3"


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda text: PUBLIC + text))
def test_whatever_oembed_is_asked_it_answers_with_our_own_page_or_not_at_all(url: str) -> None:
    found = sharing.oembed(PUBLIC, url, None, None, "en")
    if found is not None:
        (frame,) = Frame(found["html"]).found
        assert frame["src"].startswith(f"{PUBLIC}embed?")


# ---- the embedded page ----


def frame_ancestors(answer: httpx.Response) -> str:
    (directive,) = [
        part.strip()
        for part in answer.headers["content-security-policy"].split(";")
        if part.strip().startswith("frame-ancestors")
    ]
    return directive.removeprefix("frame-ancestors ")


def test_only_the_embedded_page_may_be_embedded_anywhere() -> None:
    assert frame_ancestors(get("/embed")) == "*"
    for path in ("/", "/reference", "/protocol", "/nothing", "/api/catalog"):
        assert frame_ancestors(get(path)) == "'self'", path
    assert "x-frame-options" not in get("/embed").headers
    listed = Settings(frame_ancestors=["https://a.example", "https://*.school.example"])
    assert frame_ancestors(get("/embed", listed)) == "'self' https://a.example https://*.school.example"
    assert frame_ancestors(get("/embed", Settings(frame_ancestors=["'none'"]))) == "'none'"


def test_the_rest_of_both_policies_is_the_same() -> None:
    policies = [get(path).headers["content-security-policy"].rpartition(";")[0] for path in ("/", "/embed")]
    assert policies[0] == policies[1]
    assert "default-src 'self'" in policies[0] and "script-src" not in policies[0]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("frame_ancestors", ["", "school.example", "https://a b", "https://a;script-src *", "*.example", "'self' x"]),
        ("embed_origins", ["", "school.example", "https://a/b", "**", "https://*.example/"]),
        ("public_url", ["school.example", "ftp://a/", "https://a/?x", "https://a/#x", "https://a b/", 'https://a/"']),
    ],
)
def test_settings_that_are_none(name: str, values: list[str]) -> None:
    for value in values:
        with pytest.raises(ValidationError):
            Settings(**{name: value if name == "public_url" else [value]})


def test_a_public_address_is_a_name_we_go_by() -> None:
    settings = Settings(public_url="https://playground.example/nn")
    assert settings.public_url == PUBLIC
    assert get("/", settings, host="playground.example").status_code == 200
    assert get("/", settings, host="other.example").status_code == 400


def embedded(query: str = "", settings: Settings | None = None) -> str:
    answer = get(f"/embed?{query}", settings)
    assert answer.status_code == 200
    return answer.text


def test_the_address_says_what_the_page_is_made_of() -> None:
    def ids(page: str) -> set[str]:
        return set(re.findall(r'id="([a-z-]+)"', page.split("<main")[1]))

    optional = {"data-form", "settings-form", "charts"}
    assert ids(embedded()) & optional == set()
    assert ids(embedded("parts=data,settings,charts")) & optional == optional
    assert ids(embedded("parts=nonsense,,charts")) & optional == {"charts"}
    assert 'data-parts="link numbers transport"' in embedded()
    assert 'data-parts=""' in embedded("parts=")
    assert f'data-parts="{" ".join(sorted(PARTS))}"' in embedded(f"parts={','.join(PARTS)}")


def test_what_is_only_looked_at_is_light() -> None:
    """Without curves and example points, which only controls show."""
    light, full = embedded(), embedded("parts=data,settings")
    assert len(light) < 0.7 * len(full)
    boot = json.loads(light.split('id="boot">')[1].split("</script>")[0])
    assert {"strings", "form", "catalog", "plane"} <= set(boot)
    assert "plotly.css" not in light and "plotly.css" in embedded("parts=charts")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_there_from_the_first_paint(theme: str) -> None:
    assert f'data-theme="{theme}"' in embedded(f"theme={theme}").split("<head>")[0]


@pytest.mark.parametrize("value", ["auto", "", '"><script>alert(1)</script>', "DARK"])
def test_no_other_theme_is_put_into_the_page(value: str) -> None:
    assert "data-theme" not in embedded(urlencode({"theme": value})).split("<head>")[0]


def test_the_page_knows_who_may_steer_it() -> None:
    settings = Settings(
        allowed_origins=["https://a.example"], embed_origins=["https://b.example"], allow_null_origin=True
    )
    page = embedded(settings=settings).replace("&#34;", '"')
    assert 'data-origins="["https://a.example", "https://b.example", "null"]"' in page


def test_listed_origins_may_read_answers_and_no_others() -> None:
    settings = Settings(allowed_origins=["https://a.example"], allow_null_origin=True)
    for origin, allowed in (("https://a.example", True), ("null", True), ("https://b.example", False)):
        answer = get("/api/boot", settings, origin=origin)
        assert answer.status_code == 200
        assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)
    assert "access-control-allow-origin" not in get("/api/boot", origin="null").headers
    assert get("/static/js/dom.js").headers["access-control-allow-origin"] == "*"
