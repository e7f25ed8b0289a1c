"""What people stumbled over who tried the page for the first time: each stays mended."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import until
from tests.browser.test_own_data import COUNT, FOUR, at, draw, drop, has, link, tool, upload
from tests.browser.test_page import control
from tests.browser.test_tf_page import THEIRS

pytestmark = pytest.mark.browser


def opened(page: Page) -> None:
    until(page, "document.querySelector('.panel .major td')?.textContent")


def test_switches_survive_a_reload(open_page) -> None:
    page = open_page(f"{THEIRS}&discretize=true&showTestData=false", still=True)
    expect(page.locator("#discretize")).to_be_checked()
    until(page, "location.search === '?show=discretize,-test_data'")
    page.keyboard.press("c")
    until(page, "location.search === '?show=-test_data'")
    page.reload()
    opened(page)
    expect(page.locator("#test-data")).not_to_be_checked()
    expect(page.locator("#discretize")).not_to_be_checked()
    page.keyboard.press("t")
    until(page, "location.search === ''")
    assert page.evaluate("location.hash").startswith("#v=1&")


def test_the_profile_says_only_what_is_true(open_page) -> None:
    page = open_page(THEIRS, still=True)
    banner = page.locator("#profile")
    expect(banner).to_contain_text("first weights")
    page.keyboard.press("r")  # a new weight seed
    expect(banner).to_contain_text("the weights were drawn anew")
    page.get_by_label("Moons", exact=True).check(force=True)
    expect(banner).to_be_hidden()


def test_vary_offers_what_works_with_the_data(open_page) -> None:
    page = open_page("v=1&dataset=plane", still=True)
    page.keyboard.press("v")
    dialog = page.locator("#vary")
    page.locator("#vary-what").select_option("loss")
    boxes = dialog.locator(".check")
    expect(boxes.filter(has_text="Logistic").first.locator("input")).to_be_disabled()
    expect(boxes.filter(has_text="Logistic").first).to_contain_text("not for values")
    chosen = dialog.locator("input:checked")
    assert chosen.count() > 2
    dialog.get_by_role("button", name="Make the panels").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#toasts .toast")).to_have_count(0)
    page.get_by_label("Blobs", exact=True).check(force=True)  # more classes than two
    until(page, "location.hash.includes('blobs')")
    page.keyboard.press("v")
    page.locator("#vary-what").select_option("loss")
    expect(boxes.filter(has_text="Squared error of tanh")).to_contain_text("only for 2 classes")


def test_a_table_is_judged_before_its_points_are_asked_for(open_page) -> None:
    page = open_page(still=True)
    dialog = page.locator("#upload")
    errors = dialog.locator(".error-list li")
    upload(page, "seven.csv", "x,y,kind\n" + "".join(f"{i},{-i},{'abcdefg'[i % 7]}\n" for i in range(21)))
    expect(errors).to_have_text(["No column has two to 6 different values, which classes need."])
    page.locator("#upload-label").select_option(label="kind (too many values)")
    expect(errors).to_contain_text(["7 different values"])
    page.keyboard.press("Escape")
    upload(page, "one.csv", "x,y,kind\n1,2,a\n2,1,a\n3,4,b\n,4,b\n")
    expect(errors).to_contain_text(["Row 5"])


def test_too_many_points_for_the_link_are_said_to_be_so(open_page) -> None:
    page = open_page(still=True)
    line = page.locator("#beyond-link")
    expect(line).to_be_hidden()
    upload(page, "many.csv", "x,y,c\n" + "".join(f"{i % 20 / 5},{i // 20 / 5},{i % 2}\n" for i in range(420)))
    page.get_by_role("button", name="Use these points").click()
    expect(line).to_contain_text("too many for the link")
    with page.expect_download() as download:
        line.get_by_role("button").click()
    assert download.value.suggested_filename.endswith(".json")
    draw(page)  # from the file back to the circle
    page.keyboard.press("Control+z")
    until(page, "!location.hash.includes('own')")
    page.keyboard.press("Escape")
    expect(line).to_be_hidden()
    draw(page)
    page.keyboard.press("Control+Shift+Z")
    until(page, f"{COUNT} === 420")
    until(page, "location.hash.includes('own')")


def test_clear_and_undo_on_values(open_page) -> None:
    page = open_page("v=1&dataset=plane&samples=40", still=True)
    values = "document.querySelector('#legend .scale') !== null"
    draw(page)
    until(page, f"!({values})")  # an empty sheet of classes
    for x in (-2, 2):
        page.mouse.click(*at(page, x, 0))
    until(page, "location.hash.includes('own')")
    tool(page, "clear").press("Enter")
    expect(tool(page, "clear")).to_be_focused()
    until(page, f"{COUNT} === 0")
    assert set(page.locator("#legend .count").all_inner_texts()) == {"0"}
    for _ in range(4):
        page.keyboard.press("Control+z")
    until(page, "location.hash.includes('dataset=plane')")
    until(page, values)


def test_a_refused_number_gives_way_when_its_field_is_left(open_page) -> None:
    page = open_page(still=True)
    rate = control(page, "learning_rate")
    number, error = rate.locator("input.number"), rate.get_by_role("alert")
    number.fill("99")
    number.press("Enter")
    expect(error).to_be_visible()
    expect(number).to_have_value("99")
    number.press("Tab")
    expect(number).to_have_value("0.03")
    expect(error).to_be_visible()
    page.get_by_label("Xor", exact=True).check(force=True)
    expect(error).to_be_hidden()
    number.fill("-1")
    number.blur()
    expect(error).to_be_visible()
    expect(number).to_have_value("0.03")
    page.locator("#language").click()
    expect(error).to_contain_text("小于")
    number.fill("0.1")
    number.press("Enter")
    expect(error).to_be_hidden()
    until(page, "location.hash.includes('learning_rate=0.1')")


def test_an_unfinished_formula_survives_the_language_switch(open_page) -> None:
    page = open_page("v=1&features=x1,x2,formula", still=True)
    page.locator(".folding[data-group=inputs] > summary").click()
    formula = page.locator("input.text")
    formula.fill("x1*foo")
    formula.press("Enter")
    expect(page.locator(".text-wrong mark")).to_have_text("f")
    page.locator("#language").click()
    expect(page.locator("h1")).to_contain_text("神经网络")
    expect(formula).to_have_value("x1*foo")
    expect(page.locator(".text-wrong mark")).to_have_text("f")


def test_messages_stand_where_they_cover_nothing_and_go_with_their_cause(open_page) -> None:
    page = open_page(still=True)
    for name in ("one.json", "two.json", "three.json", "four.json"):
        drop(page, name, "{]")
    toasts = page.locator("#toasts .fault")
    expect(toasts).to_have_count(3)
    expect(toasts.first).to_contain_text("four.json")
    for selector in (".transport", ".panel .numbers"):
        assert page.evaluate(
            """selector => {
              const [a, b] = ["#toasts", selector].map((one) => document.querySelector(one).getBoundingClientRect());
              return a.left >= b.right || a.right <= b.left || a.top >= b.bottom || a.bottom <= b.top;
            }""",
            selector,
        )
    page.get_by_label("Xor", exact=True).check(force=True)
    expect(toasts).to_have_count(0)


def test_a_finger_has_large_tools_and_a_point_at_the_edge_is_whole(open_page) -> None:
    page = open_page(link(), size=(390, 844), touch=True, still=True)
    page.get_by_role("button", name="Data", exact=True).tap()
    page.get_by_role("button", name="Draw", exact=True).tap()
    sizes = page.locator("#draw-bar button").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().toJSON())"
    )
    assert all(min(size["width"], size["height"]) >= 44 for size in sizes)
    tool(page, "move").tap()
    page.mouse.move(*at(page, 3, 3))
    page.mouse.down()
    page.mouse.move(*at(page, 7, 3), steps=3)
    page.mouse.up()
    has(page, *FOUR[:3], (5.77, 3, 1))
