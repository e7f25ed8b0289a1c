"""Pages, API and static files, over ASGI and, where the path must go out untouched, over a real connection."""

import asyncio
import gzip
import json
import os
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated, Any

import httpx
import numpy as np
import pytest
from annotated_types import Interval
from websockets.exceptions import ConnectionClosed

from app import __version__
from app.i18n import LANGUAGES, strings
from app.resources import PLOTLY_NAME, Edition
from app.security import HEADERS
from app.server import create_app
from app.settings import Settings
from engine import CATALOG
from engine.activations import ACTIVATIONS, Activation
from engine.component import Setting, Text
from engine.spec import MAX_PANELS

PAGES = ["/", "/lessons", "/reference", "/glossary", "/protocol"]


def get(path: str, app: Any = None, **headers: str) -> httpx.Response:
    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app or create_app(Settings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(answer())


class Page(HTMLParser):
    """The addresses, ids and texts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.scripts: list[dict[str, Any]] = []
        self.attributes: list[dict[str, Any]] = []
        self.boot = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        attributes = dict(attrs)
        self.attributes.append(attributes)
        self.addresses += [attributes[name] for name in ("src", "href", "action", "data-plotly") if name in attributes]
        if tag == "script":
            self.scripts.append(attributes)
        self.in_boot = attributes.get("id") == "boot"

    def handle_data(self, data: str) -> None:
        if getattr(self, "in_boot", False):
            self.boot += data
            self.in_boot = False


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_catalog_explains_every_component(lang: str) -> None:
    catalog = get(f"/api/catalog?lang={lang}").json()
    more = {"datasets": {"example", "task", "dimensions", "given", "unused"}, "activations": {"curve"}}
    more["losses"] = {"tasks", "classes", "gradient", "scores", "output"}
    assert set(catalog) == set(CATALOG)
    for family, entries in catalog.items():
        assert [entry["id"] for entry in entries] == list(CATALOG[family])
        for entry in entries:
            keys = {"id", "label", "formula", "description", "parameters"}
            keys |= {"suits", "fails"} if CATALOG[family][entry["id"]].suits else set()
            keys |= {"learned"} if getattr(CATALOG[family][entry["id"]], "unit_parameters", 0) else set()
            assert set(entry) == keys | more.get(family, set())
            cls = CATALOG[family][entry["id"]]
            assert entry["label"] == getattr(cls.label, lang)
            assert entry["description"] == getattr(cls.description, lang)
            for control in entry["parameters"]:
                if control["kind"] == "choice":
                    assert control["default"] in [option["value"] for option in control["options"]]
                    assert all(option["label"] for option in control["options"])
                elif control["kind"] in ("number", "integer"):
                    assert control["minimum"] <= control["default"] <= control["maximum"]
                assert control["label"] and control["description"]
            if family == "datasets":
                example = entry["example"]
                assert len(example["points"]) == len(example["labels"]) > 5
                assert all(-10 < number < 10 for point in example["points"] for number in point)


def test_a_component_registered_at_run_time_appears_everywhere() -> None:
    @dataclass(frozen=True)
    class Bent(Activation):
        id = "bent"
        label = Text("Bent <b>identity</b>", "弯曲")
        formula = "z + √(z² + 1)"
        description = Text("For a test.", "用于测试。")
        bend: Annotated[
            float,
            Interval(ge=0.5, le=2.0),
            Setting(Text("Bend", "弯"), Text("How much.", "多少。"), compare=(0.5, 2.0)),
        ] = 1.0

        def f(self, z: Any, out: Any) -> Any:
            return np.add(z, np.sqrt(z * z + self.bend), out=out)

        def df(self, z: Any, a: Any, out: Any) -> Any:
            return np.add(1, z / np.sqrt(z * z + self.bend), out=out)

    app = create_app(Settings())
    assert "bent" not in get("/api/catalog", app).text
    ACTIVATIONS.add(Bent)
    try:
        entry = get("/api/catalog?lang=zh", app).json()["activations"][-1]
        assert (entry["id"], entry["label"], entry["parameters"][0]["maximum"]) == ("bent", "弯曲", 2.0)
        assert get("/api/curve?activation=bent(bend=0.5)", app).status_code == 200
        reference = get("/reference?lang=en", app).text
        assert "z + √(z² + 1)" in reference
        assert "<b>identity" not in reference  # texts are escaped
        assert "<b>" not in Page(get("/", app).text).boot
    finally:
        ACTIVATIONS.remove("bent")
    assert "bent" not in get("/api/catalog", app).text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_boot_object_holds_what_the_page_is_built_from(lang: str) -> None:
    boot = get(f"/api/boot?lang={lang}").json()
    parts = {"lang", "version", "strings", "catalog", "form", "variations", "limits", "plane", "tf_weights"}
    assert set(boot) == parts
    assert (boot["lang"], boot["version"], boot["strings"]) == (lang, __version__, strings(lang))
    assert set(boot["limits"]) == {"panels", "moment"} and boot["limits"]["panels"] == MAX_PANELS
    assert boot["plane"] == [-6, 6]
    assert set(boot["form"]) == {"data", "network", "seeds", "speed"}
    controls = [*boot["form"]["data"], *boot["form"]["network"], boot["form"]["speed"]]
    for control in controls:
        assert control["kind"] in {
            "integer",
            "number",
            "choice",
            "component",
            "components",
            "layers",
            "boolean",
            "hidden",
        }
        assert (control["family"] in CATALOG) == control["kind"].startswith("component")
        assert ("layer" in control) == (control["kind"] == "layers")
    for variation in boot["variations"]:
        assert variation["kind"] in {"integer", "number", "component", "boolean"}
        assert (variation["family"] in CATALOG) == (variation["kind"] == "component")
        assert len(variation["values"]) >= 2 or variation["family"]
    assert json.loads(Page(get(f"/?lang={lang}").text).boot) == boot


@pytest.mark.parametrize("name", CATALOG["activations"])
def test_the_curve_of_an_activation_is_the_function_and_its_derivative(name: str) -> None:
    answer = get(f"/api/curve?activation={name}")
    assert answer.status_code == 200
    curve = answer.json()
    assert set(curve) == {"z", "g", "dg"}
    z, g, dg = (np.array(curve[key]) for key in ("z", "g", "dg"))
    assert len(z) == len(g) == len(dg) == 81
    assert (z[0], z[40], z[-1]) == (-4, 0, 4)
    smooth = (g[2:] - g[:-2]) / (z[2:] - z[:-2])
    assert np.median(np.abs(smooth - dg[1:-1])) < 2e-3
    assert (np.abs(smooth - dg[1:-1]) < 0.05).mean() > 0.9  # but for kinks
    cls = CATALOG["activations"][name]()
    if not cls.unit_parameters and cls.pieces_per_unit() == 1:
        assert np.abs(g - cls.f(z, np.empty_like(z))).max() < 1e-4
    entries = get("/api/catalog").json()["activations"]
    assert next(entry["curve"] for entry in entries if entry["id"] == name) == curve


def test_the_curve_follows_the_parameters() -> None:
    steep = get("/api/curve?activation=leaky_relu(slope=0.5)").json()
    assert (steep["g"][0], steep["dg"][0], steep["g"][-1]) == (-2, 0.5, 4)
    if "maxout" in CATALOG["activations"]:
        for pieces in (2, 5):
            curve = get(f"/api/curve?activation=maxout(pieces={pieces})").json()
            assert curve["g"][0] == curve["g"][-1] == 4  # |z| is the largest of the lines with slopes from −1 to 1


@pytest.mark.parametrize(
    "asked", ["nothing", "leaky_relu(slope=2)", "leaky_relu(slop=0.1)", "leaky_relu(", "", "x" * 300, "relu)"]
)
def test_a_curve_of_what_does_not_exist_is_refused(asked: str) -> None:
    answer = get(f"/api/curve?activation={asked}")
    assert answer.status_code == 422
    assert answer.json()


def test_a_curve_needs_an_activation() -> None:
    assert get("/api/curve").status_code == 422


def test_the_language_is_asked_for_or_that_of_the_browser() -> None:
    chinese = get("/api/boot?lang=zh").json()
    assert get("/api/boot", **{"accept-language": "zh-CN,en;q=0.5"}).json() == chinese
    assert get("/api/boot?lang=zh", **{"accept-language": "en"}).json() == chinese
    assert get("/api/boot?lang=xx").json()["lang"] == "en"


def test_version_health_and_readiness() -> None:
    assert get("/version").json() == {"version": __version__}
    assert get("/healthz").json() == {"status": "ok"}
    ready = get("/readyz", create_app(Settings(max_sessions=3)))
    assert ready.json() == {"status": "ok", "sessions": 0, "free": 3}


@pytest.mark.parametrize("path", ["/nothing", "/static/nothing.js", "/docs", "/redoc", "/api", "/reference/x", "/ws"])
def test_other_paths_do_not_exist(path: str) -> None:
    assert get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *PAGES,
        "/api/boot",
        "/api/curve?activation=relu",
        "/api/curve?activation=x",
        "/healthz",
        "/nothing",
        "/static/js/main.js",
        "/static/nothing",
    ],
)
def test_every_answer_carries_the_security_headers(path: str) -> None:
    answer = get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy or policy["script-src"] == "'self'"
    assert "unsafe-eval" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_pages_are_drawn_in_both_languages_and_stay_here(path: str, lang: str) -> None:
    answer = get(f"{path}?lang={lang}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    assert page.attributes[0]["lang"].startswith(lang)
    assert strings(lang)["page.title"] in answer.text
    assert not re.search(r"\{[{%]|[%}]\}", re.sub(r"<script type=.application/json.*", "", answer.text))
    for address in page.addresses:
        assert not re.match(r"(?:[a-z]+:)?//|javascript:|/", address), address  # relative, so that a prefix works
    for script in page.scripts:
        assert "src" in script or script.get("type") == "application/json"  # no inline script under our policy
    assert not any(name.startswith("on") for attributes in page.attributes for name in attributes)
    assert not any("style" in attributes for attributes in page.attributes)


@pytest.mark.parametrize("path", PAGES)
def test_what_a_page_links_to_exists(path: str) -> None:
    app = create_app(Settings())
    for address in set(Page(get(path, app).text).addresses):
        target = address.partition("#")[0]
        if target:
            assert get("/" + target.removeprefix("./"), app).status_code == 200, address


def test_ids_on_a_page_are_unique() -> None:
    for path in PAGES:
        ids = [attributes["id"] for attributes in Page(get(path).text).attributes if "id" in attributes]
        assert len(ids) == len(set(ids)), path


def test_the_reference_page_shows_every_component() -> None:
    page = get("/reference?lang=zh").text
    for registry in CATALOG.values():
        for cls in registry.values():
            assert f"<code>{cls.id}</code>" in page
            assert cls.description.zh in page


def test_static_files_are_asked_for_each_time() -> None:
    app = create_app(Settings())
    first = get("/static/js/main.js", app)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-cache"
    assert "javascript" in first.headers["content-type"]
    again = get("/static/js/main.js", app, **{"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


def test_a_page_asks_for_files_that_are_kept_for_ever() -> None:
    """Under the name of their edition; whoever asks under another is told to ask again."""
    app = create_app(Settings())
    name = app.state.edition.name
    addresses = set(re.findall(r'(?:href|src)="(static/[^"#]+)', get("/", app).text))
    assert len(addresses) > 10
    for address in addresses:
        assert address.startswith(f"static/v-{name}/")
        found = get(f"/{address}", app)
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]
    other = get("/static/v-0123456789ab/js/main.js", app)
    assert (other.status_code, other.headers["cache-control"]) == (200, "no-cache")
    missing = get(f"/static/v-{name}/js/nothing.js", app)
    assert missing.status_code == 404
    assert "immutable" not in missing.headers.get("cache-control", "")


def test_an_edition_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for place in (here, there):
        (place / "js").mkdir(parents=True)
        (place / "js" / "main.js").write_text("1")
    os.utime(there / "js" / "main.js", (1, 1))
    edition = Edition(here)
    name = edition.name
    assert Edition(there).name == edition.renew() == name
    (here / "js" / "main.js").write_text("2")
    os.utime(here / "js" / "main.js", (2, 2))
    assert edition.renew() == edition.name != name
    changed = edition.name
    (here / "js" / "main.js").rename(here / "js" / "other.js")
    assert edition.renew() not in (name, changed)


def test_plotly_comes_compressed_and_is_kept_for_ever(server: Any) -> None:
    status, headers, body = server.get(f"/static/{PLOTLY_NAME}")
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert "immutable" in headers["cache-control"]
    assert headers["content-type"].startswith("text/javascript")
    assert int(headers["content-length"]) == len(body) < 2_000_000
    assert b"plotly.js v" in gzip.decompress(body)[:200]


@pytest.mark.parametrize(
    "path",
    [
        "/static/..%2fapp/cli.py",
        "/static/v-x/..%2f..%2fapp/cli.py",
        "/static/v-../app/cli.py",
        "/static/v-..%2f..%2fapp/cli.py",
        "/static/../app/cli.py",
        "/static/%2e%2e/app/cli.py",
        "/static/%2e%2e%2fapp%2fcli.py",
        "/static/js/../../app/cli.py",
        "/static/..%5capp%5ccli.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/....//app/cli.py",
        "/static/..%00/app/cli.py",
        "/static/js/main.js%00",
        "/static/",
        "/static/js",
    ],
)
def test_nothing_outside_static_is_served(server: Any, path: str) -> None:
    status, headers, body = server.get(path)
    assert status in (400, 404, 405), (status, body[:80])
    assert b"uvicorn" not in body and b"root:" not in body
    assert "content-security-policy" in headers


def test_a_prefix_is_understood_with_and_without_a_proxy_that_cuts_it_off(serve: Any) -> None:
    running = serve("--port", "0", "--root-path", "/nn")
    try:
        assert running.url.endswith("/nn/")  # so this address has to work
        for path in ("/", "/reference", "/static/js/main.js", "/api/boot", f"/static/{PLOTLY_NAME}"):
            assert running.get(path)[0] == 200, path
            assert running.get("/nn" + path)[0] == 200, f"/nn{path}"
    finally:
        running.stop()


def test_a_full_server_says_so_and_takes_nobody_in(serve: Any, client: Any, eventually: Any) -> None:
    small = serve("--port", "0", "--max-sessions", "1", "--allowed-origins", "https://school.example")
    try:
        with client(small, origin="https://school.example") as page:
            page.until("frame")
            status, _, body = small.get("/readyz")
            assert (status, json.loads(body)) == (503, {"status": "full", "sessions": 1, "free": 0})
            with client(small, link=None) as second:
                said = second.read()
                assert (said["type"], said["code"], said["params"]["limit"]) == ("error", "full", 1)
                with pytest.raises(ConnectionClosed) as closed:
                    second.read()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "full")
            assert small.get("/")[0] == 200  # who waits can read the page
        eventually(lambda: small.get("/readyz")[0] == 200)
        with client(small) as page:
            page.until("frame")
    finally:
        assert small.stop() == ""
