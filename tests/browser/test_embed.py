"""The embedded page inside of pages from elsewhere, in a real browser: steered by messages, at rest when nobody looks,
in frames of any size, sandboxed and not.
"""

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Frame, Page, expect

from tests.browser.chromium import until
from tests.browser.conftest import serving
from tests.browser.hosts import Host, hosting

pytestmark = pytest.mark.browser

PLAYING = "document.body.matches('.playing')"
EPOCH = r"Number(document.querySelector('#epoch').textContent.replace(/[^\d.]/g, ''))"

# Remembers every message and speaks to the first frame; a page of other people's may have such a script.
SCRIPT = """<script>
const heard = [];
const frames = () => [...document.querySelectorAll("iframe")];
addEventListener("message", ({ data, source, origin }) => {
  heard.push({ data, origin, place: frames().findIndex((frame) => frame.contentWindow === source) });
});
const last = (type) => heard.findLast(({ data }) => data.type === type)?.data;
const post = (message) => frames()[0].contentWindow.postMessage(message, "*");
const say = (type, more) => post(typeof more === "string" ? more : { app: "nn-playground", version: 1, type, ...more });
</script>"""


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with hosting() as host:
        yield host


@pytest.fixture(scope="module")
def server(host: Host) -> Iterator[str]:
    """A server that lets the host's pages steer, and sandboxed frames in."""
    with serving("--embed-origins", host.origin, "--allow-null-origin") as address:
        yield address


type_of_opener = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser) -> Iterator[type_of_opener]:
    """Opens an address; what a page writes to the console as an error or a warning fails the test, unless expected."""
    contexts = []
    faults: list[str] = []

    def opener(
        address: str,
        *,
        size: tuple[int, int] = (900, 700),
        expected: str = "",
        scheme: str = "light",
        still: bool = False,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="en-US",
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce" if still else "no-preference",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(45_000)

        def said(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not (expected and expected in message.text):
                faults.append(f"{message.type}: {message.text}")

        page.on("console", said)
        page.on("pageerror", lambda error: faults.append(f"exception: {error}"))
        page.goto(address)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert not faults, faults


def frame_of(page: Page, place: int = 0) -> Frame:
    handle = page.locator("iframe").nth(place).element_handle()
    assert handle
    frame = handle.content_frame()
    assert frame
    return frame


def iframe(src: str, width: int = 480, height: int = 480, more: str = "") -> str:
    return f'<iframe src="{src.replace("&", "&amp;")}" width="{width}" height="{height}" {more}></iframe>'


def ready(page: Page) -> Frame:
    until(page, "last('ready')")
    return frame_of(page)


def wait_epoch(frame: Frame, least: float) -> None:
    until(frame, f"{EPOCH} >= v[0]", least)


# ---- messages ----


def test_a_listed_page_steers_it(visit: type_of_opener, host: Host, server: str) -> None:
    page = visit(host.put("steer", SCRIPT + iframe(f"{server}embed?lang=en#v=1&hidden=3&b.hidden=20")))
    frame = ready(page)
    assert not frame.evaluate(PLAYING)
    page.evaluate("say('play')")
    until(frame, PLAYING)
    wait_epoch(frame, 2)
    page.evaluate("say('pause')")
    until(frame, f"!{PLAYING}")
    until(page, "last('state').playing === false")
    page.evaluate("say('rewind')")
    until(frame, f"{EPOCH} === 0")
    page.evaluate("say('step')")
    until(frame, f"{EPOCH} > 0 && {EPOCH} < 1")
    page.evaluate("say('epoch')")
    until(frame, f"{EPOCH} === 1")
    before = page.evaluate("last('state')")
    page.evaluate("say('reset')")
    until(frame, f"{EPOCH} === 0")
    until(page, "last('state').link !== v[0]", before["link"])
    assert [panel["letter"] for panel in before["panels"]] == ["A", "B"]
    assert before["panels"][1]["title"] == "width 20"


def test_it_tells_state_and_metrics_and_answers_to_an_id(visit: type_of_opener, host: Host, server: str) -> None:
    page = visit(host.put("tell", SCRIPT + iframe(f"{server}embed#v=1&hidden=8")))
    frame = ready(page)
    page.evaluate("say('state', { id: 7 })")
    until(page, "last('state')?.id === 7")
    told = page.evaluate("last('state')")
    assert told["experiment"]["panels"][0]["hidden"][0]["width"] == 8
    for epoch in (1, 2, 3):
        page.evaluate("say('epoch')")
        until(frame, f"{EPOCH} === v[0]", epoch)
    until(page, "last('metrics')?.panels[0].epoch === 3")  # of its own accord
    page.evaluate("say('metrics', { id: 'm' })")
    until(page, "last('metrics').id === 'm'")
    metrics = page.evaluate("last('metrics')")["panels"][0]
    assert 0 < metrics["test_accuracy"] <= 1 and metrics["test_r2"] is None and metrics["diverged"] is False
    until(frame, "document.querySelector('.panel .major td').textContent === v[0]", f"{metrics['test_loss']:.3f}")
    page.evaluate("say('ready', { id: 1 })")
    until(page, "last('ready').id === 1")
    assert all(message["data"]["version"] == 1 for message in page.evaluate("heard") if "app" in message["data"])


def test_settings_are_set_by_their_names_and_refused_with_their_range(
    visit: type_of_opener, host: Host, server: str
) -> None:
    page = visit(host.put("set", SCRIPT + iframe(f"{server}embed#v=1&b.hidden=3")))
    frame = ready(page)
    page.evaluate("say('set', { name: 'learning_rate', value: 0.3, panels: [1] })")
    until(page, "last('state')?.experiment.panels[1].learning_rate === 0.3")
    assert page.evaluate("last('state').experiment.panels[0].learning_rate") == 0.03
    page.evaluate("say('set', { name: 'noise', value: 0.4 })")
    until(page, "last('state').experiment.data.noise === 0.4")
    page.evaluate("say('set', { name: 'speed', value: 5 })")
    until(page, "last('state').experiment.speed === 5")
    page.evaluate("say('set', { link: 'v=1&hidden=5' })")
    until(
        page,
        "last('state').experiment.panels.length === 1 && last('state').experiment.panels[0].hidden[0].width === 5",
    )
    page.evaluate("say('set', { name: 'theme', value: 'dark' })")
    until(frame, "document.documentElement.dataset.theme === 'dark'")
    page.evaluate("say('set', { name: 'learning_rate', value: -1 })")
    until(page, "last('error')?.code === 'too_small'")
    assert page.evaluate("last('error').params.minimum") == 1e-5
    expect(frame.locator(".toast.fault")).to_be_visible()
    for wrong in ("{ name: 'nothing', value: 1 }", "{}", "{ name: 'theme', value: 'pink' }", "{ name: 3 }"):
        count = page.evaluate("heard.length")
        page.evaluate(f"say('set', {wrong})")
        until(page, "heard.slice(v[0]).some(({ data }) => data.type === 'error' && data.code === 'set')", count)


def test_what_means_nothing_is_answered_and_harms_nothing(visit: type_of_opener, host: Host, server: str) -> None:
    page = visit(host.put("odd", SCRIPT + iframe(f"{server}embed#v=1")))
    frame = ready(page)
    page.evaluate("say('constructor', { id: 1 })")
    until(page, "last('error')?.code === 'unknown_type' && last('error').id === 1")
    page.evaluate("say('play', { version: 2, id: 2 })")
    until(page, "last('error').code === 'version'")
    page.evaluate("""const odd = [null, 3, "play", "slide:", [], { type: "play" }, { app: "other", type: "play" }];
      for (const data of odd)
        document.querySelector("iframe").contentWindow.postMessage(data, "*")""")
    page.evaluate("say('state', { id: 3 })")
    until(page, "last('state')?.id === 3")
    assert not frame.evaluate(PLAYING)


def test_a_page_that_is_not_listed_can_show_it_and_no_more(visit: type_of_opener, host: Host, url: str) -> None:
    page = visit(host.put("stranger", SCRIPT + iframe(f"{url}embed?autoplay=1#v=1&hidden=3")))
    frame = ready(page)
    wait_epoch(frame, 1)  # it opens a session: it is our own page that does
    page.evaluate("say('pause')")
    until(page, "last('error')?.code === 'origin'")
    assert host.origin in page.evaluate("last('error').message")
    wait_epoch(frame, frame.evaluate(EPOCH) + 1)
    page.evaluate("say('state')")
    until(page, "heard.filter(({ data }) => data.code === 'origin').length === 2")
    assert {"ready", "height", "error"} == set(page.evaluate("heard.map(({ data }) => data.type).filter(Boolean)"))


def test_another_frame_of_the_page_cannot_steer_it(visit: type_of_opener, host: Host, server: str) -> None:
    """Only the page around is heard, also where its neighbours are of a listed origin."""
    neighbour = host.put(
        "neighbour",
        "<script>parent.frames[0].postMessage({ app: 'nn-playground', version: 1, type: 'play' }, '*');"
        " parent.postMessage('done', '*');</script>",
    )
    page = visit(host.put("family", SCRIPT + iframe(f"{server}embed#v=1")))
    frame = ready(page)
    page.evaluate(
        "src => { const frame = document.createElement('iframe'); frame.src = src; document.body.append(frame); }",
        neighbour,
    )
    until(page, "heard.some(({ data }) => data === 'done')")
    page.evaluate("say('state', { id: 1 })")
    until(page, "last('state')?.id === 1")
    assert page.evaluate("last('state').playing") is False
    assert not frame.evaluate(PLAYING)


def test_a_goal_is_told_once_a_run(visit: type_of_opener, host: Host, server: str) -> None:
    goal = "test_accuracy>=0.9,b.epoch>=3,hidden_units<=20"
    page = visit(host.put("goal", SCRIPT + iframe(f"{server}embed?goal={goal}#v=1&hidden=2&b.hidden=20")))
    frame = ready(page)
    page.evaluate("say('play')")
    until(page, "last('solved')")
    told = page.evaluate("last('solved')")
    assert told["goal"] == goal and told["epoch"] >= 3 and told["letter"] in "AB"
    expect(frame.locator("#goal")).to_be_visible()
    wait_epoch(frame, told["epoch"] + 5)
    assert page.evaluate("heard.filter(({ data }) => data.type === 'solved').length") == 1
    page.evaluate("say('pause')")
    page.evaluate("say('rewind')")
    until(frame, f"{EPOCH} === 0")
    expect(frame.locator("#goal")).to_be_hidden()
    # Another link is another run.
    page.evaluate("say('play')")
    until(page, "heard.filter(({ data }) => data.type === 'solved').length === 2")
    for count, link in ((3, "v=1&hidden=3&b.hidden=20"), (4, "v=1&hidden=2&b.hidden=20")):
        page.evaluate("(link) => say('set', { link })", link)
        until(page, "heard.filter(({ data }) => data.type === 'solved').length === v[0]", count)


def test_an_empty_link_is_the_first_experiment(visit: type_of_opener, host: Host, server: str) -> None:
    page = visit(host.put("empty", SCRIPT + iframe(f"{server}embed#v=1&hidden=3&b.hidden=20")))
    frame = ready(page)
    expect(frame.locator(".panel")).to_have_count(2)
    page.evaluate("say('set', { link: '' })")
    expect(frame.locator(".panel")).to_have_count(1)


def test_a_link_that_makes_no_sense_leaves_what_runs_alone(visit: type_of_opener, host: Host, server: str) -> None:
    page = visit(host.put("senseless", SCRIPT + iframe(f"{server}embed#v=1&hidden=3&b.hidden=20")))
    frame = ready(page)
    page.evaluate("say('epoch')")
    until(frame, f"{EPOCH} === 1")
    page.evaluate("say('set', { link: 'v=1&batch_norm=true&batch_size=1' })")
    until(page, "last('error')?.code === 'impossible'")
    assert page.evaluate("last('error').path.at(-1)") == "batch_size"
    expect(frame.locator(".toast.fault")).to_contain_text("Choose a larger batch")
    expect(frame.locator(".panel")).to_have_count(2)
    assert frame.evaluate(EPOCH) == 1
    page.evaluate("say('set', { link: 'v=1' })")
    expect(frame.locator(".panel")).to_have_count(1)
    expect(frame.locator(".toast")).to_have_count(0)


# ---- rest ----


def test_it_stops_with_its_slide_and_goes_on_with_it(visit: type_of_opener, host: Host, url: str) -> None:
    """From any origin: these are reveal.js's own messages."""
    page = visit(host.put("slide", SCRIPT + iframe(f"{url}embed?autoplay#v=1")))
    frame = ready(page)
    wait_epoch(frame, 1)
    page.evaluate("say('', 'slide:stop')")
    until(frame, f"!{PLAYING}")
    stopped = frame.evaluate(EPOCH)
    page.evaluate("say('', 'slide:start')")
    until(frame, PLAYING)
    wait_epoch(frame, stopped + 1)
    # What someone has paused stays so.
    frame.locator("[data-action=toggle]").click()
    until(frame, f"!{PLAYING}")
    page.evaluate("say('', 'slide:stop')")
    page.evaluate("say('', 'slide:start')")
    frame.locator("[data-action=update]").click()
    until(frame, f"{EPOCH} > v[0]", stopped + 1)
    assert not frame.evaluate(PLAYING)


def test_it_stops_out_of_sight_and_in_hidden_tabs(visit: type_of_opener, host: Host, server: str) -> None:
    """Out of sight a frame has no animation frames either, so the page around is asked."""
    page = visit(
        host.put("scroll", SCRIPT + iframe(f"{server}embed?autoplay#v=1") + "<div style='height: 4000px'></div>")
    )
    frame = ready(page)
    wait_epoch(frame, 1)
    page.evaluate("say('state', { id: 1 })")
    until(page, "last('state')?.playing")
    page.evaluate("scrollTo(0, 3000)")
    until(page, "!last('state').playing")
    page.evaluate("say('play')")  # is remembered, and done when it is seen again
    until(page, "heard.filter(({ data }) => data.type === 'state' && data.playing).length >= 2")
    until(page, "!last('state').playing")
    page.evaluate("scrollTo(0, 0)")
    until(page, "last('state').playing")
    hide = """(hidden) => {
      Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    frame.evaluate(hide, True)
    until(page, "!last('state').playing")
    frame.evaluate(hide, False)
    until(page, "last('state').playing")


def test_a_run_to_an_epoch_survives_a_rest(visit: type_of_opener, host: Host, server: str) -> None:
    page = visit(
        host.put("until", SCRIPT + iframe(f"{server}embed#v=1&speed=30") + "<div style='height: 4000px'></div>")
    )
    ready(page)
    page.evaluate("say('play', { until: 40 })")
    until(page, "last('state')?.playing")
    page.evaluate("scrollTo(0, 3000)")
    until(page, "!last('state').playing")
    page.evaluate("scrollTo(0, 0)")
    until(page, "last('state').playing")
    until(page, "!last('state').playing")
    until(page, "last('metrics')?.panels[0].epoch === 40")


def sessions(url: str) -> int:
    with urllib.request.urlopen(f"{url}readyz") as answer:
        return int(json.load(answer)["sessions"])


def test_frames_that_nobody_has_seen_take_no_place(visit: type_of_opener, host: Host) -> None:
    with serving() as url:
        frames = (iframe(f"{url}embed?autoplay#v=1") + "<div style='height: 2000px'></div>") * 4
        page = visit(host.put("long", SCRIPT + frames))
        ready(page)
        for place in range(4):  # all of them are there; a frame out of sight has timers, but no animation frames
            frame_of(page, place).evaluate(
                """() => new Promise((done) => {
                  const look = () => (document.querySelector('#speed .control') ? done() : setTimeout(look, 50));
                  look();
                })"""
            )
        assert sessions(url) == 1
        for place in (1, 2):  # the network is back, which is nothing to them
            frame_of(page, place).evaluate("dispatchEvent(new Event('online'))")
        page.locator("iframe").nth(2).scroll_into_view_if_needed()
        wait_epoch(frame_of(page, 2), 1)
        assert sessions(url) == 2
        page.context.close()  # before the server


# ---- height, size, looks ----


def test_a_frame_that_follows_the_height_comes_to_rest(visit: type_of_opener, host: Host, url: str) -> None:
    follow = """<script>addEventListener("message", ({ data }) => {
      if (data.type === "height") document.querySelector("iframe").height = data.height;
    })</script>"""
    links = ["v=1", "v=1&hidden=3&b.hidden=6&c.hidden=20", "v=1&b.hidden=1&c.hidden=2&d.hidden=3&e.hidden=4&f.hidden=5"]
    for width in (300, 480, 860):
        for place, link in enumerate(links):
            page = visit(host.put(f"height{width}{place}", SCRIPT + follow + iframe(f"{url}embed#{link}", width, 300)))
            frame = ready(page)
            until(frame, "document.querySelector('.panel .major td')?.textContent")
            until(frame, "document.documentElement.scrollHeight <= innerHeight")
            height = page.evaluate("last('height').height")
            until(page, "document.querySelector('iframe').height == v[0]", str(height))
            # as high as it has to be, and no higher
            free = "innerHeight - document.querySelector('#main').getBoundingClientRect().bottom"
            until(frame, f"Math.abs({free}) <= 32")
            lti = page.evaluate("heard.findLast(({ data }) => data.subject === 'lti.frameResize').data")
            assert lti == {"subject": "lti.frameResize", "height": height}
            count = page.evaluate("heard.filter(({ data }) => data.type === 'height').length")
            assert count <= 8, (width, link)
            page.context.close()


@pytest.mark.parametrize("parts", ["", "transport,numbers,link", "transport,speed,numbers,link,charts"])
def test_any_size_from_300_by_300(visit: type_of_opener, host: Host, url: str, parts: str) -> None:
    """No boundary is too small to be seen, nothing is cut, and up to three panels need no scrolling."""
    links = {1: "v=1", 2: "v=1&b.hidden=3", 3: "v=1&b.hidden=3&c.hidden=2", 6: "v=1&b=&c=&d=&e=&f.hidden=3"}
    sizes = [(300, 300), (300, 600), (640, 360), (480, 640), (1200, 300)]
    for count, link in links.items():
        page = visit(
            host.put(f"sizes{count}{len(parts)}", SCRIPT + iframe(f"{url}embed?parts={parts}#{link}", 300, 300)),
            size=(1300, 700),
        )
        frame = ready(page)
        expect(frame.locator(".panel")).to_have_count(count)
        for width, height in sizes:
            page.evaluate(
                "([w, h]) => Object.assign(document.querySelector('iframe'), { width: w, height: h })", [width, height]
            )
            until(frame, "innerWidth === v[0] && innerHeight === v[1]", width, height)
            until(
                frame,
                "[...document.querySelectorAll('.stage')]"
                ".every(({ clientWidth, clientHeight }) => clientWidth >= 118 && clientWidth === clientHeight)",
            )
            assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth"), (count, width, height)
            cut = frame.evaluate(
                """() => [...document.querySelectorAll('.panel, .embed-bar > *, .panel .numbers td')]
                .filter((e) => e.checkVisibility())
                .map((e) => e.getBoundingClientRect())
                .filter(({ left, right }) => right > innerWidth + 0.5 || left < -0.5).length"""
            )
            assert cut == 0, (count, width, height)
            if count == 1 and "charts" not in parts:
                assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight"), (width, height)
        page.context.close()


def test_the_address_hides_locks_and_chooses(visit: type_of_opener, url: str) -> None:
    link = "#v=1&hidden=3&b.hidden=6&c.hidden=20"
    page = visit(f"{url}embed?panels=a,C&hide=reset,numbers&lang=zh&theme=dark{link}")
    expect(page.locator(".panel:visible")).to_have_count(2)
    assert [letter.strip() for letter in page.locator(".panel:visible .letter").all_inner_texts()] == ["A", "C"]
    expect(page.locator("[data-action=reset]")).to_be_hidden()
    expect(page.locator("[data-action=rewind]")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert (
        page.evaluate(
            "getComputedStyle(document.body).colorScheme || getComputedStyle(document.documentElement).colorScheme"
        )
        == "dark"
    )
    expect(page.locator("#whole")).to_have_attribute("href", f"./?lang=zh{link}")
    expect(page.locator(".panel .mini").first).to_be_hidden()


def test_what_is_not_shown_is_not_changed(visit: type_of_opener, url: str) -> None:
    page = visit(f"{url}embed?panels=b&parts=transport,settings#v=1&hidden=3&b.hidden=6", size=(1100, 800))
    width = page.locator("#settings [data-name=hidden] input.number").first
    expect(width).to_have_value("6")
    page.locator("#epoch").click()
    page.keyboard.press("1")
    page.keyboard.press("e")
    until(page, f"{EPOCH} === 1")
    expect(width).to_have_value("6")


def test_locked_controls_show_their_value_and_cannot_be_used(visit: type_of_opener, url: str) -> None:
    page = visit(
        f"{url}embed?parts=transport,data,settings&lock=learning_rate,noise,hidden#v=1&learning_rate=0.3",
        size=(1100, 800),
    )
    rate = page.locator("#settings [data-name=learning_rate]").first
    expect(rate.locator("input.number")).to_have_value("0.3")
    assert rate.locator("input, select, button:not(.ask)").evaluate_all("all => all.every((one) => one.disabled)")
    expect(page.locator("#settings [data-name=optimizer] select").first).to_be_enabled()
    # also what is made later: another layer's row would have fields of its own
    assert (
        page.locator("#settings [data-name=hidden]")
        .first.locator("input, select")
        .evaluate_all("all => all.length && all.every((one) => one.disabled)")
    )
    assert page.locator("#data [data-name=noise] input").evaluate_all("all => all.every((one) => one.disabled)")
    page = visit(f"{url}embed?parts=transport,speed,data,settings&lock#v=1", size=(1100, 800))
    expect(page.locator("#settings .control").first).to_be_visible()
    until(
        page,
        "[...document.querySelectorAll('#data input, #settings input, #settings select, #speed input')]"
        ".every((one) => one.disabled)",
    )
    expect(page.locator("[data-action=reset]")).to_be_disabled()
    expect(page.locator("[data-action=toggle]")).to_be_enabled()
    until(page, "document.querySelector('#whole').href.includes('#')")  # of the first state
    link = page.evaluate("document.querySelector('#whole').href")
    page.locator("#epoch").click()
    page.keyboard.press("r")
    page.keyboard.press("e")
    until(page, f"{EPOCH} === 1")
    assert page.evaluate("document.querySelector('#whole').href") == link


def test_it_does_not_start_by_itself_unless_asked_nor_under_reduced_motion(visit: type_of_opener, url: str) -> None:
    for query, still in (("", False), ("?autoplay=0", False), ("?autoplay=1", True)):
        page = visit(f"{url}embed{query}#v=1", still=still)
        until(page, "document.querySelector('.panel .major td')?.textContent")
        page.keyboard.press("e")
        until(page, f"{EPOCH} === 1")
        assert not page.evaluate(PLAYING)


def test_the_experiment_may_stand_in_the_query(visit: type_of_opener, url: str) -> None:
    """For what drops the fragment, as some of oEmbed's consumers do."""
    page = visit(f"{url}embed?link=v%3D1%26hidden%3D3%26b.hidden%3D20")
    expect(page.locator(".panel .title")).to_have_text(["width 3", "width 20"])


# ---- sandboxed ----


def test_a_sandboxed_frame_learns_where_it_is_let_in(visit: type_of_opener, host: Host, server: str) -> None:
    """Without allow-same-origin it has no origin, no storage, and its modules come from elsewhere."""
    src = f"{server}embed?autoplay&parts=transport,speed,numbers,charts,settings,link#v=1&hidden=3&b.hidden=8"
    page = visit(host.put("sandbox", SCRIPT + iframe(src, 880, 640, 'sandbox="allow-scripts"')))
    frame = ready(page)
    wait_epoch(frame, 2)
    assert frame.evaluate("self.origin") == "null"
    assert (
        frame.evaluate("() => { try { return localStorage.length; } catch (error) { return error.name; } }")
        == "SecurityError"
    )
    expect(frame.locator("#charts .main-svg").first).to_be_visible(timeout=60_000)
    icon = "document.querySelector('[data-action=rewind] svg use').getBBox().width"
    assert frame.evaluate(icon) > 5  # icons out of a file would be missing
    page.evaluate("say('pause')")
    until(frame, f"!{PLAYING}")
    assert page.evaluate("last('state').playing") is False
    assert page.evaluate("heard.every(({ origin }) => origin === 'null')")
    frame.locator("#settings [data-name=learning_rate] input.number").first.fill("0.5")
    frame.locator("#settings [data-name=learning_rate] input.number").first.press("Enter")
    until(page, "last('state').experiment.panels.some(({ learning_rate }) => learning_rate === 0.5)")


def test_a_sandboxed_frame_that_is_not_let_in_says_so(visit: type_of_opener, host: Host, url: str) -> None:
    page = visit(
        host.put("refused", SCRIPT + iframe(f"{url}embed#v=1", more='sandbox="allow-scripts"')), expected="WebSocket"
    )
    expect(frame_of(page).locator("#connection")).to_be_visible()


# ---- who may embed what ----


def test_no_other_page_can_be_embedded_elsewhere(visit: type_of_opener, host: Host, url: str) -> None:
    page = visit(host.put("frames", SCRIPT + iframe(url) + iframe(f"{url}embed#v=1")), expected="frame-ancestors")
    until(page, "last('ready')")
    assert page.evaluate("heard.every(({ place }) => place === 1)")
    assert frame_of(page, 0).url.startswith("chrome-error:")


def test_the_setting_says_who_may_embed_it(visit: type_of_opener, host: Host) -> None:
    with serving("--frame-ancestors", "https://school.example") as address:
        page = visit(host.put("foreign", SCRIPT + iframe(f"{address}embed#v=1")), expected="frame-ancestors")
        until(page, "document.readyState === 'complete'")
        assert frame_of(page).url.startswith("chrome-error:")
        page.context.close()


@pytest.mark.parametrize(("scheme", "lang", "size"), [("light", "en", (800, 600)), ("dark", "zh", (300, 300))])
@pytest.mark.parametrize("parts", ["transport,numbers,link", "transport,speed,numbers,charts,data,settings,link"])
def test_axe_finds_nothing_serious(
    visit: type_of_opener, url: str, scheme: str, lang: str, size: tuple[int, int], parts: str
) -> None:
    page = visit(
        f"{url}embed?parts={parts}&lang={lang}&lock=noise&goal=epoch>=0#v=1&b.hidden=3",
        scheme=scheme,
        size=size,
        still=True,
    )
    until(page, "document.querySelector('.panel .major td')?.textContent")
    until(page, "[...document.querySelectorAll('.picture')].every((picture) => picture.ariaLabel)")
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    assert not serious, [(violation["id"], [node["html"] for node in violation["nodes"]][:3]) for violation in serious]
