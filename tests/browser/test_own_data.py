"""One's own points in a real browser: drawn with mouse, finger and keyboard, uploaded, downloaded; and formulas."""

import re
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from engine.own import MAX_POINTS, decode, encode
from tests.browser.chromium import until
from tests.browser.test_page import EPOCH, PLAYING, control, one_epoch, pause

pytestmark = pytest.mark.browser

FOUR = [(-3.0, -3.0, 0), (-3.0, 3.0, 0), (3.0, -3.0, 1), (3.0, 3.0, 1)]
COUNT = "parseInt(document.querySelector('.draw-count').textContent)"
OWN = r"decodeURIComponent(location.hash).match(/own\(points=([\w-]+)\)/)?.[1].length / 5"

Row = tuple[float, float, int]


def link(points: list[Row] = FOUR) -> str:
    table = np.array(points)
    return f"v=1&dataset=own(points={encode(table[:, :2].T, table[:, 2].astype(int))})"


def points(page: Page) -> list[Row]:
    """The points in the page's link, in order."""
    found = re.search(r"own\(points=([\w-]+)\)", unquote(page.evaluate("location.hash")))
    if not found:
        return []
    places, labels = decode(found[1])
    return sorted((x, y, int(c)) for (x, y), c in zip(places.T.tolist(), labels, strict=True))


def has(page: Page, *expected: Row) -> None:
    """Wait until the link holds exactly these points. It follows the hand within half a second."""
    for _ in range(300):
        if is_about(found := points(page), expected):
            return
        page.evaluate("new Promise(requestAnimationFrame)")
    assert sorted(found) == sorted(expected)


def is_about(found: list[Row], expected: tuple[Row, ...]) -> bool:
    """Whether each point is there, up to a pixel."""
    left = list(found)
    for x, y, c in expected:
        near = [one for one in left if one[2] == c and max(abs(one[0] - x), abs(one[1] - y)) < 0.05]
        if not near:
            return False
        left.remove(near[0])
    return not left


def draw(page: Page) -> None:
    page.keyboard.press("d")
    expect(page.locator("#draw-bar")).to_be_visible()


def at(page: Page, x: float, y: float, panel: int = 0) -> tuple[float, float]:
    """Where a place of the plane is on screen."""
    box = page.locator(".panel .stage").nth(panel).bounding_box()
    assert box
    return box["x"] + (x + 6) / 12 * box["width"], box["y"] + (6 - y) / 12 * box["height"]


def tool(page: Page, name: str) -> Locator:
    return page.locator(f"#draw-bar [data-draw={name}]")


def upload(page: Page, name: str, text: str | bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload").click()
    data = text.encode() if isinstance(text, str) else text
    chooser.value.set_files([{"name": name, "mimeType": "text/csv", "buffer": data}])


def drop(page: Page, name: str, text: str) -> None:
    """Let go of a file over the page."""
    transfer = page.evaluate_handle(
        "([name, text]) => { const t = new DataTransfer(); t.items.add(new File([text], name)); return t; }",
        [name, text],
    )
    for kind in ("dragenter", "dragover", "drop"):
        page.dispatch_event("body", kind, {"dataTransfer": transfer})


# ---- drawing ----


def test_the_mouse_adds_and_erases_as_in_convnetjs(open_page) -> None:
    page = open_page(link(), still=True)
    draw(page)
    page.mouse.click(*at(page, 0, 1))
    has(page, *FOUR, (0, 1, 0))
    page.keyboard.down("Shift")
    page.mouse.click(*at(page, 1, -2))
    page.keyboard.up("Shift")
    has(page, *FOUR, (0, 1, 0), (1, -2, 1))
    page.keyboard.down("Control")
    page.mouse.click(*at(page, 0.4, 0.4))  # the nearest, however far
    page.keyboard.up("Control")
    has(page, *FOUR, (1, -2, 1))
    page.mouse.click(*at(page, 2, -2), button="right")
    has(page, *FOUR)


def test_dragging_paints_and_moves_and_erases(open_page) -> None:
    page = open_page(link(), still=True)
    draw(page)
    page.keyboard.press("2")
    page.mouse.move(*at(page, -2, 0))
    page.mouse.down()
    page.mouse.move(*at(page, 2, 0), steps=3)
    page.mouse.up()
    until(page, f"{COUNT} > 12 && {OWN} === {COUNT}")
    painted = [point for point in points(page) if abs(point[1]) < 0.05]
    assert 9 <= len(painted) <= 11, "spaced evenly, however fast the hand"
    assert {c for _, _, c in painted} == {1}
    tool(page, "undo").click()  # a stroke is one thing
    has(page, *FOUR)
    tool(page, "move").click()
    page.mouse.move(*at(page, 3, 3))
    page.mouse.down()
    page.mouse.move(*at(page, 1, 2), steps=4)
    page.mouse.up()
    has(page, *FOUR[:3], (1, 2, 1))
    tool(page, "erase").click()
    page.mouse.click(*at(page, 0, 0))  # there is none
    page.mouse.move(*at(page, -4, -4))
    page.mouse.down()
    page.mouse.move(*at(page, -2.9, -3), steps=6)
    page.mouse.up()
    has(page, *FOUR[1:3], (1, 2, 1))


def test_undo_redo_and_clear(open_page) -> None:
    page = open_page(link())
    until(page, PLAYING)
    draw(page)
    page.mouse.click(*at(page, 0, 1))
    page.mouse.click(*at(page, 0, 2))
    has(page, *FOUR, (0, 1, 0), (0, 2, 0))
    page.keyboard.press("Control+z")
    has(page, *FOUR, (0, 1, 0))
    page.keyboard.press("Control+Shift+Z")
    has(page, *FOUR, (0, 1, 0), (0, 2, 0))
    tool(page, "clear").click()
    until(page, f"{COUNT} === 0")
    expect(page.locator(".sheet-note")).to_contain_text("Training waits")
    until(page, f"!{PLAYING}")
    page.keyboard.press("Control+z")
    until(page, f"{COUNT} === 6")
    until(page, PLAYING)
    expect(page.locator(".sheet-note")).to_be_hidden()
    has(page, *FOUR, (0, 1, 0), (0, 2, 0))


def test_the_networks_train_on_with_their_weights(open_page) -> None:
    page = open_page(link())
    until(page, f"{EPOCH} > 60")
    draw(page)
    before = page.evaluate(EPOCH)
    for x in range(-2, 3):
        page.mouse.click(*at(page, x, 0))
    until(page, f"{OWN} === 9")
    assert page.evaluate(EPOCH) >= before
    assert page.evaluate(PLAYING)
    page.keyboard.press("Escape")
    expect(page.locator("#draw-bar")).to_be_hidden()
    assert page.evaluate(f"{OWN} === 9")


def test_a_finger_draws_and_does_not_scroll(open_page) -> None:
    page = open_page(link(), size=(390, 844), touch=True, still=True)
    page.get_by_role("button", name="Data", exact=True).tap()
    page.get_by_role("button", name="Draw", exact=True).tap()
    expect(page.locator("#data")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.querySelector('.sheet')).touchAction") == "none"
    page.locator("#draw-bar").get_by_role("button", name="Class 3").tap()
    page.touchscreen.tap(*at(page, 0, 1))
    has(page, *FOUR, (0, 1, 2))
    touch = page.context.new_cdp_session(page)
    before = page.evaluate("scrollY")

    def finger(kind: str, *place: float) -> None:
        found = [{"x": place[0], "y": place[1]}] if place else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": found})

    tool(page, "erase").tap()
    finger("touchStart", *at(page, -3, 4))
    for y in (3.5, 3, 2, 1, 0):
        finger("touchMove", *at(page, -3, y))
    finger("touchEnd")
    has(page, FOUR[0], *FOUR[2:], (0, 1, 2))
    assert page.evaluate("scrollY") == before
    tool(page, "done").click()  # Chromium takes a tap right after a swipe for its end
    expect(page.locator(".sheet")).to_have_count(0)


def test_the_keyboard_alone_draws(open_page) -> None:
    page = open_page(link())
    pause(page)
    draw(page)  # and the picture has the focus
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator(".crosshair")).to_be_visible()
    expect(page.locator("#status")).to_contain_text("0.25, 1.00")
    page.keyboard.press("Enter")
    has(page, *FOUR, (0.25, 1, 0))
    page.keyboard.press("3")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Space")
    has(page, *FOUR, (0.25, 1, 0), (-0.75, 1, 2))
    assert not page.evaluate(PLAYING)
    page.keyboard.press("Delete")
    has(page, *FOUR, (0.25, 1, 0))
    page.keyboard.press("m")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("m")
    has(page, *FOUR, (-0.75, -1, 0))
    page.keyboard.press("Shift+ArrowDown")  # it was put down
    has(page, *FOUR, (-0.75, -1, 0))
    page.keyboard.press("Escape")
    expect(page.locator("#draw-bar")).to_be_hidden()


def test_every_panel_can_be_drawn_on(open_page) -> None:
    page = open_page(f"{link()}&b.hidden=3&c.hidden=4", still=True)
    draw(page)
    for panel in range(3):
        page.mouse.click(*at(page, panel, 1, panel))
    has(page, *FOUR, (0, 1, 0), (1, 1, 0), (2, 1, 0))


def test_drawing_goes_on_from_the_points_there_are_and_from_those_that_are_chosen(open_page) -> None:
    page = open_page("v=1&samples=40", still=True)
    draw(page)
    until(page, f"{COUNT} === 40")
    assert "own" not in page.evaluate("location.hash")  # looking costs nothing
    page.mouse.click(*at(page, 0, 1))
    until(page, f"{OWN} === 41")
    page.get_by_label("Xor").check(force=True)
    until(page, f"location.hash.includes('xor') && {COUNT} === 40")
    page.mouse.click(*at(page, 0, 1))
    until(page, f"{OWN} === 41")


def test_on_values_drawing_begins_with_an_empty_sheet(open_page) -> None:
    page = open_page("v=1&dataset=plane&samples=40")
    until(page, PLAYING)
    draw(page)
    expect(page.locator(".sheet-note")).to_contain_text("empty sheet")
    page.mouse.click(*at(page, 0, 1))
    expect(page.locator(".sheet-note")).to_contain_text("Training waits")
    until(page, f"!{PLAYING}")
    page.keyboard.press("Escape")  # too few: everything is as it was
    until(page, PLAYING)
    assert "dataset=plane" in page.evaluate("location.hash")
    draw(page)
    page.mouse.click(*at(page, 0, 1))
    page.keyboard.press("2")
    page.mouse.click(*at(page, 0, -1))
    has(page, (0, 1, 0), (0, -1, 1))
    until(page, PLAYING)


@pytest.mark.parametrize(("scheme", "lang", "size"), [("light", "en", (1440, 900)), ("dark", "zh", (390, 844))])
def test_axe_finds_nothing_serious_while_drawing_and_in_the_dialogs(open_page, scheme, lang, size) -> None:
    page = open_page(f"{link()}&features=x1,x2,formula", scheme=scheme, lang=lang, size=size, still=True)

    def check() -> None:
        found = Axe().run(page).response["violations"]
        serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
        assert not serious, [
            (violation["id"], [node["html"] for node in violation["nodes"]][:3]) for violation in serious
        ]

    draw(page)
    check()
    page.keyboard.press("Escape")
    drop(page, "bad.csv", "x,y,label\n1,2,a\n,3,b\n")
    page.locator("#upload button[type=submit]").click()
    expect(page.locator("#upload .error-list li")).to_have_count(1)
    check()
    page.keyboard.press("Escape")
    page.evaluate("document.querySelector('[data-action=playgroundLink]').click()")
    expect(page.locator("#tf-reasons li").first).to_be_visible()
    check()


# ---- files ----


def test_a_table_becomes_points(open_page) -> None:
    page = open_page(still=True)
    rows = "".join(f"{i};{i * 0.1:.1f};{-i * 0.2:.1f};{'吃' if i % 2 else 'b'}\r\n" for i in range(20))
    upload(page, "meine.csv", ("Nr;Länge;Breite;Art\r\n" + rows.replace(".", ",")).encode("utf-16"))
    dialog = page.locator("dialog#upload")
    expect(dialog).to_contain_text("20 rows")
    expect(dialog).to_contain_text("semicolons")
    expect(dialog).to_contain_text("UTF-16")
    chosen = dialog.locator("select").evaluate_all("all => all.map((one) => one.selectedOptions[0].textContent)")
    assert chosen == ["Länge", "Breite", "Art"]
    dialog.get_by_role("button", name="Use these points").click()
    expect(page.locator("#toasts")).to_contain_text("class 1 = b, class 2 = 吃")
    has(page, *[(i * 0.1, -i * 0.2, i % 2) for i in range(20)])


def test_what_is_wrong_with_a_table_is_said_by_row_and_column_and_the_run_goes_on(open_page) -> None:
    page = open_page()
    upload(page, "bad.csv", "x,y,label\n1,2,a\n,3,b\n4,foo,a\n=1+1,2,b\n")
    page.get_by_role("button", name="Use these points").click()
    errors = page.locator("dialog#upload .error-list li")
    expect(errors).to_have_count(3)
    assert [re.findall(r"\d+|“\w+”", text)[:2] for text in errors.all_inner_texts()] == [
        ["3", "“x”"],
        ["4", "“y”"],
        ["5", "“x”"],
    ]
    now = page.evaluate(EPOCH)
    until(page, f"{EPOCH} > v[0] + 3", now)
    page.keyboard.press("Escape")
    assert "own" not in page.evaluate("location.hash")
    upload(page, "photo.png", b"\x89PNG\r\n\x1a\n\0\0\0")
    expect(page.locator("dialog#upload .error-list")).to_be_visible()
    page.keyboard.press("Escape")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    upload(page, "long.csv", "1,2,a\n" * 200_000)
    expect(page.locator("#toasts")).to_contain_text("1200000 bytes")
    assert not [url for url in asked if "csv" in url]


def test_a_file_may_be_dropped_onto_the_page(open_page) -> None:
    page = open_page(still=True)
    drop(page, "points.csv", "x1,x2,class\n1,2,1\n-1,-2,2\n")
    page.get_by_role("button", name="Use these points").click()
    has(page, (1, 2, 0), (-1, -2, 1))


def test_points_are_downloaded_and_come_back(open_page) -> None:
    page = open_page(link(), still=True)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export…").click()
        page.get_by_role("dialog").get_by_role("button", name="Points").click()
    assert download.value.suggested_filename.endswith(".csv")
    text = Path(download.value.path()).read_text()
    head, *rows = text.splitlines()
    assert head == "x1,x2,class,part"
    assert len(rows) == 4
    assert all(re.fullmatch(r"-?\d(\.\d{1,4})?,-?\d(\.\d{1,4})?,[12],(train|test)", row) for row in rows), rows
    page.get_by_label("Xor").check(force=True)
    until(page, "location.hash.includes('xor')")
    upload(page, "points.csv", text)
    page.get_by_role("button", name="Use these points").click()
    has(page, *FOUR)
    page.goto(page.url.split("#")[0] + "#v=1&dataset=plane&samples=40")
    until(page, "location.hash.includes('plane')")
    until(page, "document.querySelector('#legend').textContent.includes('20')")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export…").click()
        page.get_by_role("dialog").get_by_role("button", name="Points").click()
    head, *rows = Path(download.value.path()).read_text().splitlines()
    assert head == "x1,x2,value,part"
    assert len({row.split(",")[2] for row in rows}) > 20


def test_more_points_than_a_link_holds_survive_a_reload_and_travel_as_a_file(open_page) -> None:
    page = open_page(still=True)
    rng = np.random.default_rng(0)
    table = rng.uniform(-50, 70, (MAX_POINTS, 2))  # scaled into the plane, which takes many digits
    upload(page, "all.csv", "x,y,c\n" + "".join(f"{x},{y},{i % 3}\n" for i, (x, y) in enumerate(table)))
    page.get_by_role("button", name="Use these points").click()
    until(page, "location.hash.includes('own')")
    draw(page)
    until(page, f"{COUNT} === v[0]", MAX_POINTS)
    page.mouse.click(*at(page, 0, 0))
    expect(page.locator(".sheet-note")).to_contain_text("2000 points")
    page.keyboard.down("Control")
    page.mouse.click(*at(page, 0, 0))
    page.keyboard.up("Control")
    until(page, f"{COUNT} === v[0]", MAX_POINTS - 1)
    page.keyboard.press("Escape")
    counts = "[...document.querySelectorAll('#legend .count')].slice(0, 3)"
    legend = f"{counts}.reduce((sum, count) => sum + Number(count.textContent), 0)"
    until(page, f"{legend} === v[0]", MAX_POINTS - 1)
    page.locator("[data-action=share]").click()
    expect(page.locator("dialog[open]")).to_contain_text("400 points")
    with page.expect_download() as download:
        page.locator("dialog[open]").get_by_role("button", name="Save experiment").click()
    text = Path(download.value.path()).read_text()
    page.reload()
    until(page, f"{legend} === v[0]", MAX_POINTS - 1)
    fresh = open_page(still=True)
    drop(fresh, "experiment.json", text)
    expect(fresh.locator("#toasts")).to_contain_text("opened")
    until(fresh, f"{legend} === v[0]", MAX_POINTS - 1)


def test_an_experiment_file_with_errors_is_refused_whole(open_page) -> None:
    page = open_page("v=1&hidden=5")
    drop(page, "mine.json", '{"panels": [{"learning_rate": 99, "batch_size": 0}]}')
    fault = page.locator("#toasts .fault")
    expect(fault).to_contain_text("99")
    expect(fault).to_contain_text("batch_size")
    drop(page, "other.json", "{]")
    expect(page.locator("#toasts")).to_contain_text("not JSON")
    assert "hidden=5" in page.evaluate("location.hash")
    now = page.evaluate(EPOCH)
    until(page, f"{EPOCH} > v[0] + 3", now)


# ---- formulas ----


def inputs_open(page: Page) -> Locator:
    fold = page.locator(".folding[data-group=inputs]")
    if not fold.evaluate("fold => fold.open"):
        fold.locator("> summary").click()
    return control(page, "features")


def test_formulas_are_inputs_beside_the_seven(open_page) -> None:
    page = open_page(still=True)
    features = inputs_open(page)
    features.get_by_role("button", name="+ Formula").click()
    features.get_by_role("button", name="+ Formula").click()
    expect(features.locator("input.text")).to_have_count(2)
    first = features.locator("input.text").first
    until(page, "location.hash.split('formula').length === 3")
    first.fill(features.locator("input.text").nth(1).input_value())
    first.press("Enter")
    expect(features.get_by_role("alert").filter(has_text="only once")).to_be_visible()
    first.fill("x1^2 - 3*x2^2")
    first.press("Enter")
    until(page, "decodeURIComponent(location.hash).includes('x1^2 - 3*x2^2')")
    expect(features.locator("[role=alert]:visible")).to_have_count(0)
    features.get_by_role("button", name="Remove: Formula").nth(1).click()
    expect(features.locator("input.text")).to_have_count(1)
    expect(first).to_have_value("x1^2 - 3*x2^2")
    until(page, "decodeURIComponent(location.hash).split('formula').length === 2")
    one_epoch(page, 1)


def test_a_formula_with_an_error_is_kept_with_the_place_of_the_error_and_the_run_goes_on(open_page) -> None:
    page = open_page()
    features = inputs_open(page)
    features.get_by_role("button", name="+ Formula").click()
    until(page, "location.hash.includes('formula')")
    before = page.evaluate("location.hash")
    formula = features.locator("input.text")
    formula.fill("x1*foo + 2")
    formula.press("Enter")
    expect(features.get_by_role("alert").filter(has_text="foo")).to_be_visible()
    expect(features.locator("mark")).to_have_text("f")
    expect(formula).to_have_value("x1*foo + 2")
    now = page.evaluate(EPOCH)
    until(page, f"{EPOCH} > v[0] + 3", now)
    assert page.evaluate("location.hash") == before
    expect(formula).to_have_value("x1*foo + 2")
    formula.fill("x1*x2 + 2")
    formula.press("Enter")
    until(page, "decodeURIComponent(location.hash).includes('x1*x2 + 2')")
    expect(features.locator("[role=alert]:visible")).to_have_count(0)
