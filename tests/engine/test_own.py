"""The text of a user's own points, and the split that holds still while they draw."""

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import own
from engine.own import decode, encode, stable_split

POINT = st.tuples(st.floats(-6, 6), st.floats(-6, 6), st.integers(0, 5))
LABELS = st.lists(st.integers(0, 5), max_size=300)
SHARES = st.floats(0.1, 0.9)
SEEDS = st.integers(0, 2**31)


def table(rows):
    rows = np.array(rows, float).reshape(-1, 3)
    return rows[:, :2].T, rows[:, 2].astype(int)


# ---- the text ----


@given(st.lists(POINT, max_size=50))
def test_points_come_back_to_half_a_step_and_classes_exactly(rows):
    points, labels = table(rows)
    text = encode(points, labels)
    assert len(text) == 5 * len(rows) and set(text) <= set(own.ALPHABET)
    back, classes = decode(text)
    assert back.shape == points.shape and back.dtype == np.float64
    assert np.abs(back - points).max(initial=0) <= 6 / 8191 + 1e-12
    np.testing.assert_array_equal(classes, labels)


@given(st.lists(st.tuples(st.integers(0, 8191), st.integers(0, 8191), st.integers(0, 5)), max_size=50))
def test_every_legal_text_is_its_own_round_trip(rows):
    """Also against base64 of the standard library: 2 bits of zero and the 30 bits fill four bytes."""
    text = "".join(
        base64.urlsafe_b64encode((x1 << 17 | x2 << 4 | label).to_bytes(6, "big")).decode()[3:] for x1, x2, label in rows
    )
    points, labels = decode(text)
    assert encode(points, labels) == text
    again = decode(encode(points, labels))
    np.testing.assert_array_equal(again[0], points)
    np.testing.assert_array_equal(again[1], labels)
    np.testing.assert_allclose(points.T, [(12 * x1 / 8191 - 6, 12 * x2 / 8191 - 6) for x1, x2, _ in rows] or points.T)


def test_all_8192_places_of_both_axes_come_back():
    for start in range(0, 8192, 2000):
        places = np.arange(start, min(start + 2000, 8192))
        points = np.stack([places, 8191 - places]) * 12 / 8191 - 6
        np.testing.assert_array_equal(decode(encode(points, places % 6))[0], points)


def test_by_hand():
    """x1 = -6 is thirteen 0s, x2 = 6 thirteen 1s, class 5 is 0101: 000000 000000 011111 111111 110101."""
    assert encode(np.array([[-6.0], [6.0]]), np.array([5])) == "AAf_1"
    points, labels = decode("AAf_1")
    assert points.tolist() == [[-6.0], [6.0]] and labels.tolist() == [5]
    # The middle lies between two places; halves go up, so 0 is place 4096: 100000 000000 010000 000000 000000.
    assert encode(np.zeros((2, 1)), np.array([0])) == "gAQAA"


def test_no_points_are_an_empty_text():
    assert encode(np.zeros((2, 0)), np.zeros(0, int)) == ""
    assert decode("")[0].shape == (2, 0) and decode("")[1].shape == (0,)


def test_2000_points_are_the_most():
    labels = np.arange(2000) % 6
    text = encode(np.zeros((2, 2000)), labels)
    np.testing.assert_array_equal(decode(text)[1], labels)
    with pytest.raises(ValueError, match="2001 points are too many: at most 2000"):
        decode(text + "AAAAA")
    with pytest.raises(ValueError, match="2001 points are too many: at most 2000"):
        encode(np.zeros((2, 2001)), np.zeros(2001, int))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AAAA", "4 characters are no whole number of points"),
        ("AAAAAA", "6 characters are no whole number of points"),
        ("AAAAAAAA+A", r"character 9: '\+' is none of"),
        ("AAAA=", "character 5: '=' is none of"),
        ("AA AA", "character 3: ' ' is none of"),
        ("AAA\x00A", "character 4: '.x00' is none of"),
        ("A中AAA", "character 2: '.u4e2d' is none of"),
        ("AAAA\udc80", "character 5: '.udc80' is none of"),
        ("AAAAAAAAAG", "point 2: class 6 is not one of 0 to 5"),
        ("AAAAP", "point 1: class 15 is not one of 0 to 5"),
    ],
)
def test_what_is_wrong_with_a_text_and_where(text, message):
    with pytest.raises(ValueError, match=message):
        decode(text)


@given(st.text(max_size=30) | st.text(own.ALPHABET, max_size=30))
def test_any_text_has_points_or_a_ValueError(text):
    try:
        points, labels = decode(text)
    except ValueError:
        return
    assert encode(points, labels) == text


@pytest.mark.parametrize(
    ("points", "labels", "message"),
    [
        ([[0, 6.0001], [0, 0]], [0, 0], r"point 2: \(6.0001, 0\) is outside of -6 to 6"),
        ([[0], [-7]], [0], r"point 1: \(0, -7\) is outside"),
        ([[0], [np.nan]], [0], r"point 1: \(0, nan\) is outside"),
        ([[np.inf], [0]], [0], r"point 1: \(inf, 0\) is outside"),
        ([[0], [0]], [6], "point 1: class 6 is not one of 0 to 5"),
        ([[0, 0], [0, 0]], [0, -1], "point 2: class -1 is not one of 0 to 5"),
        ([[0], [0]], [0.5], "point 1: class 0.5 is not one of 0 to 5"),
        ([[0], [0]], [np.nan], "point 1: class nan is not one of 0 to 5"),
        ([[0, 0]], [0], r"needed, not \(1, 2\) and \(1,\)"),
        ([0, 0], [0, 0], r"needed, not \(2,\) and \(2,\)"),
        ([[0, 0], [0, 0]], [0], r"needed, not \(2, 2\) and \(1,\)"),
    ],
)
def test_points_that_have_no_text(points, labels, message):
    with pytest.raises(ValueError, match=message):
        encode(np.array(points), np.array(labels))


# ---- the split ----


@given(LABELS, LABELS, SHARES, SEEDS)
def test_appended_points_move_no_other(labels, more, share, seed):
    before = stable_split(np.array(labels, int), share, seed)
    after = stable_split(np.array(labels + more, int), share, seed)
    assert before.dtype == bool and before.shape == (len(labels),)
    np.testing.assert_array_equal(after[: len(before)], before)


@given(LABELS, SHARES, SEEDS)
def test_every_class_trains_and_other_classes_do_not_matter(labels, share, seed):
    labels = np.array(labels, int)
    split = stable_split(labels, share, seed)
    for label in np.unique(labels):
        members = labels == label
        assert split[members][0]
        np.testing.assert_array_equal(stable_split(labels[members], share, seed), split[members])


@given(SHARES, SEEDS, st.integers(0, 5))
def test_the_share_holds_at_every_length(share, seed, label):
    """The first n points hold n·share training points to within one, for every n (a coin would miss by 22)."""
    split = stable_split(np.full(2000, label), share, seed)
    wanted = share * np.arange(1, 2001)
    assert np.abs(np.cumsum(split) - wanted).max() <= 1


def test_seeds_and_classes_split_differently():
    splits = [stable_split(np.full(60, label), 0.37, seed).tobytes() for label in range(3) for seed in range(20)]
    assert len(set(splits)) > 12


def test_the_same_seed_splits_the_same_way():
    labels = np.arange(40) % 3
    assert stable_split(labels, 0.5, 7).tolist() == stable_split(labels, 0.5, 7).tolist()
