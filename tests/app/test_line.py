"""The estimate of a line's rate, on lines that are made up: it finds the rate, and chance does not lead it astray."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.line import FEW, FIRST_RATE, Line


class Made:
    """A line of a known rate and delay, and a page that acknowledges what it has drawn. Time is a number."""

    def __init__(self, rate: float, delay: float = 0.02) -> None:
        self.line = Line()
        self.rate, self.delay = rate, delay
        self.now = self.clear = 0.0
        self.number = 0
        self.coming: list[tuple[float, int]] = []  # when an acknowledgement arrives, and of which frame

    def send(self, size: int, frame: bool = True) -> None:
        self.clear = max(self.clear, self.now) + size / self.rate
        if frame:
            self.number += 1
            self.line.send_frame(self.number, size, self.now)
            self.coming.append((self.clear + self.delay, self.number))
        else:
            self.line.send(size, self.now)

    def wait(self, until: float) -> None:
        self.now = until
        while self.coming and self.coming[0][0] <= until:
            self.line.acknowledge(self.coming.pop(0)[1], until)

    def play(self, frames: int, size: int, window: int = 2, part: int = 0) -> None:
        for _ in range(frames):
            while len(self.line.frames) >= window:
                self.wait(self.coming[0][0])
            if part:
                self.send(part, frame=False)
            self.send(size)
            self.wait(self.now + 0.001)


RATES = st.floats(5e3, 2e5)  # lines on which a frame takes longer than its acknowledgement


@settings(deadline=None)
@given(RATES, st.integers(6_000, 30_000), st.integers(1, 2), st.sampled_from([0, 500, 4_000]))
def test_a_line_with_enough_to_carry_is_measured(rate: float, size: int, window: int, part: int) -> None:
    made = Made(rate)
    made.play(30, size, window, part)
    assert 0.5 * rate < made.line.rate < 1.1 * rate


def test_before_there_are_a_few_samples_nothing_is_believed() -> None:
    made = Made(1000.0)
    made.play(FEW, 5000)
    assert len(made.line.frames) == 2 and made.line.rate == FIRST_RATE
    made.play(FEW, 5000)
    assert made.line.rate == pytest.approx(1000, rel=0.1)


def test_a_page_that_was_hidden_does_not_make_the_line_look_slow() -> None:
    made = Made(1e5)
    made.play(20, 6000)
    known = made.line.rate
    made.wait(made.now + 0.05)
    made.send(6000)
    made.send(6000)
    for number in range(2):
        made.line.acknowledge(made.number - 1 + number, made.now + 600)
    assert made.line.rate == known


@pytest.mark.parametrize("bunch", [2, 3, 5])
def test_acknowledgements_that_come_in_a_bunch_do_not_make_it_look_fast(bunch: int) -> None:
    """Something on the way back holds them up now and then."""
    made = Made(4e4)
    for _ in range(10):
        made.play(4, 6000)
        late = made.now + 0.15 * bunch
        while made.coming and made.coming[0][0] <= late:
            _, number = made.coming.pop(0)
            made.line.acknowledge(number, late)
        made.now = late
    assert made.line.rate < 1.1 * made.rate


@pytest.mark.parametrize("window", [1, 2])
def test_acknowledgements_that_are_heard_late_do_not_make_it_look_fast(window: int) -> None:
    """By then more has arrived than is known: what is sent next seems to take all of it along."""
    made = Made(4e4)
    for _ in range(20):
        made.play(3, 6000, window, part=3000)
        number = made.coming.pop(0)[1]
        made.now = made.clear + 0.3
        made.line.acknowledge(number, made.now)
        made.send(6000)
        made.wait(made.now + 0.01)
    assert made.line.rate < 1.1 * made.rate


def test_one_sample_that_is_too_good_is_not_believed() -> None:
    made = Made(4e4)
    made.play(20, 6000, window=1)
    made.wait(made.now + 1)
    made.send(6000)
    made.line.acknowledge(made.number, made.now + 0.001)
    assert made.line.rate < 1.1 * made.rate


def test_a_line_that_becomes_slow_is_found_out_soon() -> None:
    made = Made(2e5)
    made.play(20, 8000)
    made.rate = 2e4
    made.play(12, 8000)
    assert made.line.rate < 1.1 * made.rate


def test_what_has_arrived_is_not_waited_for() -> None:
    made = Made(4e4)
    made.play(20, 4000)
    made.wait(made.now + 5)
    assert not made.line.frames
    made.send(100_000, frame=False)  # a checkpoint, acknowledged by nobody
    made.wait(made.now + 10)
    made.send(4000)
    assert made.line.seconds(4000) == pytest.approx(8000 / made.line.rate)


def test_acknowledging_what_is_not_on_its_way_means_nothing() -> None:
    line = Line()
    line.send_frame(3, 1000, 1.0)
    line.acknowledge(2, 1.1)
    assert len(line.frames) == 1
    line.acknowledge(10**30, 1.2)
    assert not line.frames
    line.acknowledge(3, 1.3)
    assert line.rate == FIRST_RATE
