"""The share dialog: every snippet is pasted into a page and opened, and the code is read as a camera would."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from app.i18n import strings
from tests.browser.chromium import until
from tests.browser.hosts import Host, hosting

pytestmark = pytest.mark.browser

LINK = "v=1&hidden=3&b.hidden=6&c.hidden=20"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with hosting() as host:
        yield host


def share(page: Page) -> Any:
    """The dialog, opened by its key."""
    page.locator("#epoch").click()
    page.keyboard.press("l")
    dialog = page.locator("dialog#share[open]")
    expect(dialog).to_be_visible()
    return dialog


def snippet(page: Page, kind: str) -> str:
    page.locator(f"#share input[name=snippet][value={kind}]").check(force=True)
    expect(page.locator(f"#share input[name=snippet][value={kind}]")).to_be_checked()
    return page.locator("#share textarea").input_value()


def shown(page: Any, titles: list[str]) -> None:
    expect(page.locator(".panel .title")).to_have_text(titles)


WIDTHS = ["width 3", "width 6", "width 20"]


def test_the_link_opens_the_same_experiment(open_page, url: str) -> None:
    page = open_page(LINK, still=True)
    dialog = share(page)
    address = dialog.locator("input[readonly]").input_value()
    assert address == f"{url}#{LINK}"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    other = open_page(still=True)
    other.goto(address)
    shown(other, WIDTHS)


def test_copying_is_confirmed_and_does_what_it_says(open_page, url: str) -> None:
    page = open_page(LINK, still=True)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url.rstrip("/"))
    dialog = share(page)
    copy = dialog.get_by_role("button", name="Copy: Link")
    copy.click()
    expect(copy).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"{url}#{LINK}"
    expect(copy).to_have_text("Copy")  # after a while
    dialog.get_by_role("button", name="Copy: Snippet").click()
    until(page, "document.querySelectorAll('#share .copy.done').length === 1")
    assert page.evaluate("navigator.clipboard.readText()") == dialog.locator("textarea").input_value()


def test_it_copies_without_a_clipboard_too(open_page) -> None:
    """As on a plain http address of a school, where a page has no clipboard."""
    page = open_page(LINK, still=True)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    dialog = share(page)
    copy = dialog.get_by_role("button", name="Copy: Link")
    copy.click()
    expect(copy).to_have_text("Copied")
    page.evaluate("document.execCommand = () => false")
    copy.click()
    expect(copy).to_have_text("Press Ctrl+C")
    assert page.evaluate("getSelection().toString() || document.activeElement.value").endswith(LINK)


def read_code(page: Page, selector: str) -> str:
    """What a camera would read: the code as the page draws it."""
    image = page.locator(selector).screenshot()
    gray = page.evaluate(
        """async (data) => {
          const image = new Image();
          image.src = `data:image/png;base64,${data}`;
          await image.decode();
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [image.width, image.height];
          const context = canvas.getContext('2d');
          context.drawImage(image, 0, 0);
          const pixels = context.getImageData(0, 0, image.width, image.height).data;
          let text = '';
          for (let at = 1; at < pixels.length; at += 4) text += String.fromCharCode(pixels[at]);
          return [image.width, image.height, btoa(text)];
        }""",
        base64.b64encode(image).decode(),
    )
    width, height, data = gray
    pixels = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width)
    found = zxingcpp.read_barcodes(pixels)
    return found[0].text if found else ""


@pytest.mark.parametrize(("scheme", "size"), [("light", (1440, 900)), ("dark", (390, 844))])
def test_the_code_says_the_link(open_page, url: str, scheme: str, size: tuple[int, int]) -> None:
    page = open_page(LINK, scheme=scheme, size=size, still=True)
    dialog = share(page)
    expect(dialog.locator(".code svg")).to_be_visible()
    expect(dialog).to_contain_text("this machine only")  # 127.0.0.1 is nowhere else
    assert read_code(page, "#share .code") == f"{url}#{LINK}"
    dialog.get_by_role("button", name="Show large").click()
    large = page.locator("dialog.code-large[open] svg")
    expect(large).to_be_visible()
    box = large.bounding_box()
    assert box and box["width"] > 0.8 * min(size[0], size[1] - 120)
    assert read_code(page, "dialog.code-large svg") == f"{url}#{LINK}"


def test_own_points_are_in_the_link_and_in_the_code_as_long_as_it_can_hold_them(open_page, url: str) -> None:
    rows = [f"{x / 40},{(x * 7 % 80) / 20 - 2},{x % 2}" for x in range(-160, 160)]

    def upload(page: Page, count: int) -> None:
        with page.expect_file_chooser() as chooser:
            page.locator("[data-action=upload]").click()
        text = "x,y,class\n" + "\n".join(rows[:count])
        chooser.value.set_files({"name": "mine.csv", "mimeType": "text/csv", "buffer": text.encode()})
        page.get_by_role("button", name="Use these points").click()
        until(page, "location.hash.includes('own')")

    page = open_page(still=True)
    upload(page, 120)
    dialog = share(page)
    expect(dialog.locator(".code svg")).to_be_visible()
    address = dialog.locator("input[readonly]").input_value()
    assert len(address) > 500
    dialog.get_by_role("button", name="Show large").click()
    assert read_code(page, "dialog.code-large svg") == address
    other = open_page(still=True)
    other.goto(address)
    until(other, "[...document.querySelectorAll('#legend .count')].some((count) => count.textContent === '60')")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_link_that_no_code_can_hold(open_page, lang: str) -> None:
    page = open_page(still=True, lang=lang)
    page.evaluate("history.replaceState(null, '', '?show=' + 'x'.repeat(3000) + location.hash)")
    dialog = share(page)
    said = strings(lang)["error.qr_too_long"].split("{")[0]
    expect(dialog.locator(".code .error")).to_contain_text(said)
    expect(dialog.get_by_role("button", name=strings(lang)["share.larger"])).to_be_disabled()


# ---- snippets ----


def paste(page: Page, host: Host, name: str, html: str) -> None:
    """A page of somebody's with a snippet in it."""
    page.goto(host.put(name, html))


@pytest.fixture
def visiting(browser: Browser) -> Iterator[Page]:
    """A page of somebody who visits somebody else's."""
    context = browser.new_context(viewport={"width": 1100, "height": 900}, locale="en-US")
    page = context.new_page()
    page.set_default_timeout(45_000)
    yield page
    context.close()


@pytest.mark.parametrize("kind", ["iframe", "element", "jupyter"])
def test_a_snippet_with_a_frame_shows_the_networks(open_page, visiting: Page, host: Host, kind: str) -> None:
    page = open_page(LINK, still=True)
    share(page)
    html = snippet(page, kind)
    if kind == "jupyter":
        magic, html = html.split("\n", 1)
        assert magic == "%%html"
    assert not re.search(r"&(?!amp;)", html)  # an address inside of HTML
    paste(visiting, host, kind, html)
    frame = visiting.frame_locator("iframe")
    shown(frame, WIDTHS)
    expect(frame.locator("body.playing")).to_be_visible()
    box = visiting.locator("iframe").bounding_box()
    assert box and (round(box["width"]), round(box["height"])) == (640, 520)
    assert "width 20" in (visiting.locator("iframe").get_attribute("title") or "")


def test_the_markdown_snippet_is_a_link_to_the_experiment(open_page, url: str) -> None:
    link = "v=1&hidden=8-leaky_relu(slope=0.3)*0.5&b.hidden=3"
    page = open_page(link, still=True)
    share(page)
    text = snippet(page, "markdown")
    match = re.fullmatch(r"\[(.+)\]\(([^()\s]+)\)", text)  # no bracket of the address ends it
    assert match and "Neural network playground" in match[1]
    expect(page.locator("#share .share-options")).to_be_hidden()
    other = open_page(still=True)
    other.goto(match[2])
    until(other, "location.hash.slice(1) === v[0]", page.evaluate("location.hash.slice(1)"))
    expect(other.locator(".panel")).to_have_count(2)


def test_options_are_in_the_snippet_and_in_the_preview(open_page, url: str) -> None:
    page = open_page(LINK, still=True)
    dialog = share(page)
    for name in ("Charts", "Settings are locked"):
        dialog.get_by_label(name, exact=True).check()
    for name in ("Transport", "Begins to train by itself"):
        dialog.get_by_label(name, exact=True).uncheck()
    dialog.get_by_label("Theme").select_option("dark")
    dialog.get_by_label("Language").select_option("zh")
    dialog.get_by_label("Height").fill("99999")
    dialog.get_by_label("Height").blur()
    dialog.get_by_label("Width", exact=True).fill("20")
    dialog.get_by_label("Width", exact=True).blur()
    text = snippet(page, "iframe")
    assert 'width="300" height="4000"' in text  # brought into what is possible
    match = re.search(r'src="([^"]+)"', text)
    assert match
    src = match[1].replace("&amp;", "&")
    assert src == f"{url}embed?parts=numbers,charts,link&lock=all&theme=dark&lang=zh#{LINK}"
    assert dialog.get_by_role("link", name="Open the embedded page").get_attribute("href") == src
    there = dialog.get_by_role("link", name="Examples").get_attribute("href")
    dialog.get_by_label("Full width").check()
    assert 'width="100%"' in page.locator("#share textarea").input_value()
    assert 'theme="dark"' in snippet(page, "element") and "width=" not in snippet(page, "element").split("title")[0]
    other = open_page(path=urlsplit(src).path.lstrip("/") + "?" + urlsplit(src).query, still=True)
    assert other.locator("html").get_attribute("data-theme") == "dark"
    assert other.locator("html").get_attribute("lang") == "zh-CN"
    other.goto(url + there)
    expect(other.locator("h1")).to_have_text("Examples")


def test_the_element_listens_speaks_and_follows_its_attributes(open_page, host: Host, url: str) -> None:
    """On our own page, since it may steer."""
    page = open_page(path="examples/blog?lang=en")
    widths = "document.querySelector('#widths')"
    page.evaluate(
        """() => {
          window.heard = [];
          for (const type of ['ready', 'state', 'metrics', 'solved', 'error'])
            document.querySelector('#widths').addEventListener(type, ({ detail }) => heard.push([type, detail]));
        }"""
    )
    page.locator("#widths").scroll_into_view_if_needed()
    frame = page.frame_locator("#widths iframe")
    expect(frame.locator(".panel")).to_have_count(3)
    page.locator("#go").click()
    until(page, "heard.some(([type, detail]) => type === 'metrics' && detail.panels[2].epoch > 2)")
    page.locator("#again").click()
    until(page, "heard.some(([type, detail]) => type === 'state' && detail.run > 1)")
    page.evaluate(f"{widths}.pause()")
    until(page, "heard.findLast(([type]) => type === 'state')[1].playing === false")
    page.evaluate(f"{widths}.set({{ name: 'learning_rate', value: -1 }})")
    until(page, "heard.some(([type, detail]) => type === 'error' && detail.code === 'too_small')")
    page.evaluate(f"{widths}.setAttribute('link', 'v=1&hidden=4')")
    expect(frame.locator(".panel")).to_have_count(1)
    page.evaluate(f"{widths}.setAttribute('theme', 'dark')")
    expect(frame.locator("html[data-theme=dark]")).to_be_attached()
    page.evaluate(f"{widths}.setAttribute('height', '333')")
    until(page, f"{widths}.shadowRoot.querySelector('iframe').clientHeight === 333")
    page.evaluate(f"{widths}.remove()")
    page.evaluate("window.postMessage({ app: 'nn-playground', version: 1, type: 'height', height: 10 })")


def test_the_element_follows_its_link_where_it_may_not_steer(visiting: Page, host: Host, url: str) -> None:
    source = f'<script src="{url}static/embed/nn-playground.js"></script>'
    address = host.put("follows", f'{source}<nn-playground link="v=1&amp;hidden=3&amp;b.hidden=6"></nn-playground>')
    visiting.goto(address)
    frame = visiting.frame_locator("iframe")
    expect(frame.locator(".panel")).to_have_count(2)
    for link, count in (("v=1&hidden=4", 1), ("v=1&hidden=3&b.hidden=6&c.hidden=9", 3), ("v=1&hidden=5", 1)):
        visiting.evaluate("(link) => document.querySelector('nn-playground').setAttribute('link', link)", link)
        expect(frame.locator(".panel")).to_have_count(count)


def test_a_link_that_comes_before_it_is_known_that_it_may_not_steer(visiting: Page, host: Host, url: str) -> None:
    source = f'<script src="{url}static/embed/nn-playground.js"></script>'
    change = """document.querySelector('nn-playground')
        .addEventListener('ready', ({ target }) => target.setAttribute('link', 'v=1&hidden=4'), { once: true });"""
    element = '<nn-playground link="v=1&amp;hidden=3&amp;b.hidden=6"></nn-playground>'
    visiting.goto(host.put("early", f"{source}{element}<script>{change}</script>"))
    expect(visiting.frame_locator("iframe").locator(".panel")).to_have_count(1)


# ---- examples ----


def test_only_the_slide_that_is_on_trains(open_page) -> None:
    page = open_page(path="examples/slides?lang=en")
    first, second = page.frame_locator("#slide-1 iframe"), page.frame_locator("#slide-2 iframe")
    expect(first.locator("body.playing")).to_be_visible()
    page.evaluate(
        """() => {
          window.told = [];
          const frame = document.querySelector('#slide-1 iframe').contentWindow;
          frame.addEventListener('message', ({ data }) => typeof data === 'string' && told.push(data));
        }"""
    )
    page.keyboard.press("ArrowRight")
    expect(page.locator("#slide-1")).to_be_hidden()
    expect(second.locator("body.playing")).to_be_visible()
    until(page, "document.querySelector('#slide-1 iframe').contentDocument.querySelector('body:not(.playing)')")
    assert page.evaluate("told") == ["slide:stop"]
    page.get_by_role("button", name="Back").click()
    expect(first.locator("body.playing")).to_be_visible()
    until(page, "document.querySelector('#slide-2 iframe').contentDocument.querySelector('body:not(.playing)')")
    assert page.evaluate("location.hash") == "#1"
    # What means something else to the browser, or nothing at all, turns nothing.
    expect(page.locator(".skip")).to_have_count(0)
    for key in ("Alt+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    page.evaluate("location.hash = 'main'")
    until(page, "location.hash === '#main'")
    expect(page.locator("#slide-1")).to_be_visible()
    expect(page.locator("#slide-2")).to_be_hidden()


def test_the_sentence_of_the_blog_post_follows_its_networks(open_page) -> None:
    for lang in ("en", "zh"):
        page = open_page(path=f"examples/blog?lang={lang}", lang=lang)
        start, end = strings(lang)["examples.blog.solved"].split("{epoch}")
        until(page, "document.querySelector('#told').textContent.endsWith(v[0])", end, seconds=60)
        assert page.locator("#told").inner_text().startswith(start)


@pytest.mark.parametrize("path", ["examples/", "examples/slides", "examples/blog", "examples/notebook"])
@pytest.mark.parametrize(("scheme", "lang", "size"), [("light", "en", (1440, 900)), ("dark", "zh", (390, 844))])
def test_axe_finds_nothing_serious_in_the_examples(
    open_page, path: str, scheme: str, lang: str, size: tuple[int, int]
) -> None:
    page = open_page(path=f"{path}?lang={lang}", scheme=scheme, lang=lang, size=size, still=True)
    serious(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    words = page.evaluate("document.body.innerText")
    assert not re.search(r"\b(examples|share|page)\.[a-z_]+", words)
    if lang == "zh":
        leftover = [line for line in words.splitlines() if re.search(r"[a-z]{4,} [a-z]{3,} [a-z]{3,}", line)]
        assert not [line for line in leftover if "import" not in line and "for" not in line], leftover


def serious(page: Page) -> None:
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    bad = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    assert not bad, [(violation["id"], [node["html"] for node in violation["nodes"]][:3]) for violation in bad]


@pytest.mark.parametrize(("scheme", "lang", "size"), [("light", "en", (1440, 900)), ("dark", "zh", (390, 844))])
def test_axe_finds_nothing_serious_in_the_dialog(open_page, scheme: str, lang: str, size: tuple[int, int]) -> None:
    page = open_page(LINK, scheme=scheme, lang=lang, size=size, still=True)
    dialog = share(page)
    expect(dialog.locator(".code svg")).to_be_visible()
    serious(page)
    box = dialog.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= size[0]
    assert dialog.evaluate("(dialog) => dialog.scrollWidth <= dialog.clientWidth")
    if lang == "zh":
        words = [line for line in dialog.inner_text().splitlines() if re.search(r"[a-z]{4,}", line)]
        known = {"iframe", "Markdown", "Jupyter", "English"}
        assert not [line for line in words if line.strip() not in known and not re.search("[\\u4e00-\\u9fff]", line)], (
            words
        )


def test_the_picture_is_saved(open_page) -> None:
    page = open_page(LINK, still=True)
    dialog = share(page)
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Save picture").click()
    data = Path(download.value.path()).read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = (int.from_bytes(data[at : at + 4]) for at in (16, 20))
    assert width > 2 * height > 800  # three panels in a row
