"""Laws of the user's formulas: whatever is read is worked out as NumPy does, and what is not says where and why."""

import math
import re
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.formula import FUNCTIONS, MAX_DEPTH, MAX_LENGTH, MAX_VALUE, Formula, FormulaError, checked, parse

QUICK = settings(deadline=None, max_examples=300)

RNG = np.random.default_rng(3)
X1, X2 = RNG.uniform(-6, 6, (2, 40))
X1[:3], X2[1:4] = 0, 0


def refusal(text, read=parse):
    with pytest.raises(FormulaError) as caught:
        read(text)
    return caught.value


def value(text, x1=0.0, x2=0.0):
    return parse(text)(np.array(x1), np.array(x2)).item()


# ---- values ----

KNOWN = {  # at x1 = 2, x2 = -3
    "x1": 2,
    "x₂": -3,
    "X1*X2": -6,
    "1": 1,
    ".5": 0.5,
    "5.": 5,
    "1e-3": 0.001,
    "1E+3": 1000,
    "1.5e2": 150,
    "pi": math.pi,
    "π": math.pi,
    "e": math.e,
    "2e3*e": 2000 * math.e,
    "x1+x2*2": -4,
    "(x1+x2)*2": -2,
    "2-3-4": -5,
    "2/4/2": 0.25,
    "2-3+4": 3,
    "8/4*2": 4,
    "2^3^2": 512,
    "2**3**2": 512,
    "(2^3)^2": 64,
    "-x1^2": -4,
    "(-x1)^2": 4,
    "2^-x1": 0.25,
    "2^-x1*3": 0.75,
    "2^-x1^2": 2**-4,
    "-2*-3": 6,
    "--x1": 2,
    "+x1": 2,
    "x1--x2": -1,
    "x1 - -x2": -1,
    "-x1-x2": 1,
    "3*-x1^2": -12,
    "x1²": 4,
    "-x1²": -4,
    "x₁³ − x₂²": -1,
    "2^x1²": 16,
    "x1²^3": 64,
    "sin(x1)²": math.sin(2) ** 2,
    "sin(x1)": math.sin(2),
    "COS(x2)": math.cos(-3),
    "tan(1)": math.tan(1),
    "exp(x1)": math.exp(2),
    "log(x1)": math.log(2),
    "ln(e^3)": 3,
    "sqrt(x1)": math.sqrt(2),
    "abs(x2)": 3,
    "tanh(x2)": math.tanh(-3),
    "sign(x2)": -1,
    "sign(0)": 0,
    "step(x1)": 1,
    "step(x2)": 0,
    "step(0)": 0,
    "relu(x1)": 2,
    "relu(x2)": 0,
    "min(x1, x2)": -3,
    "max(x1,x2)": 2,
    "max(min(x1, 1), x2 * -1)": 3,
    "（ｘ１＋１）×２": 6,
    "ｍａｘ（x1，x2）": 2,
    "x1·x2 ÷ 3 – 1": -3,
    "x1\u3000+\xa0x2\t": -1,
}


@pytest.mark.parametrize("text", KNOWN)
def test_known_values(text):
    found = parse(text)(np.array([2.0, 0.5]), np.array([-3.0, 0.5]))
    assert found.dtype == np.float64
    assert found.shape == (2,)
    assert found[0] == pytest.approx(KNOWN[text], rel=1e-15)


def test_every_function_is_in_the_list_of_known_values():
    for name in FUNCTIONS:
        assert any(f"{name}(" in text.lower() for text in KNOWN), name


# A tree is a number, "x1", "x2", or a function or operator with its trees. It is written down with as few brackets as
# the rules of mathematics allow, so reading it is a test of them.

UNARY = {
    name: getattr(np, {"ln": "log"}.get(name, name), None) for name, (_, n, besides) in FUNCTIONS.items() if n == 1
} | {"relu": lambda z: np.maximum(z, 0.0), "step": lambda z: np.where(np.isnan(z), z, np.where(z > 0, 1.0, 0.0))}
BINARY = {"min": np.minimum, "max": np.maximum}
INFIX = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "^": np.power}
STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "neg": 3, "^": 4}
ATOM = 5

numbers = st.sampled_from(["0", "1", "2", "3", ".5", "2.", "1e-3", "1e3", "0.25", "7e0"])
leaves = numbers | st.sampled_from(["x1", "x2", "pi", "e"])


def grown(inner):
    return (
        st.tuples(st.sampled_from(list(INFIX)), inner, inner)
        | st.tuples(st.just("neg"), inner)
        | st.tuples(st.sampled_from(list(UNARY)), inner)
        | st.tuples(st.sampled_from(list(BINARY)), inner, inner)
    )


trees = st.recursive(leaves, grown, max_leaves=12)


def strength(tree):
    return ATOM if isinstance(tree, str) else STRENGTH.get(tree[0], ATOM)


def written(tree, blank=""):
    if isinstance(tree, str):
        return tree
    name, *parts = tree
    texts = [written(part, blank) for part in parts]
    if name in UNARY or name in BINARY:
        return f"{name}({f',{blank}'.join(texts)})"
    own = STRENGTH[name]
    if name == "neg":
        return f"-({texts[0]})" if strength(parts[0]) < own else f"-{texts[0]}"
    left, right = parts
    # On the left of ^ stands an atom; on the right of the others something stronger. Signs may stand on any right side.
    left_needs = strength(left) <= own if name == "^" else strength(left) < own
    right_needs = strength(right) < own if name == "^" else strength(right) <= own
    if name == "^" and strength(right) == STRENGTH["neg"]:
        right_needs = False
    texts = [f"({text})" if needs else text for text, needs in zip(texts, (left_needs, right_needs), strict=True)]
    return f"{texts[0]}{blank}{name}{blank}{texts[1]}"


def worked_out(tree, x1, x2):
    if isinstance(tree, str):
        return {"x1": x1, "x2": x2, "pi": np.pi, "e": np.e}[tree] if tree[0] in "xpe" else np.float64(tree)
    name, *parts = tree
    values = [worked_out(part, x1, x2) for part in parts]
    return (UNARY | BINARY | INFIX | {"neg": np.negative})[name](*values)


@QUICK
@given(trees, st.sampled_from(["", " ", "\t "]))
@example(("neg", ("^", "x1", "2")), "")
@example(("^", ("neg", "x1"), "2"), "")
@example(("^", "2", ("neg", ("^", "x1", "2"))), "")
@example(("-", "x1", ("-", "x2", ("-", "1", "2"))), "")
@example(("*", ("^", "2", ("neg", "x1")), "3"), " ")
def test_a_formula_is_worked_out_as_numpy_works_it_out(tree, blank):
    text = written(tree, blank)
    if len(text) > MAX_LENGTH:
        assert refusal(text).position == MAX_LENGTH
        return
    found = parse(text)(X1, X2)
    with np.errstate(all="ignore"):
        expected = np.broadcast_to(np.asarray(worked_out(tree, X1, X2), np.float64), X1.shape)
    assert found.shape == X1.shape
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, expected)


@QUICK
@given(trees.map(written).filter(lambda text: len(text) <= MAX_LENGTH))
def test_typographic_characters_mean_the_same(text):
    plain = parse(text)
    typeset = text.translate(str.maketrans("*/-()+,", "×÷−（）＋，")).replace("x1", "x₁").replace("pi", "π")
    assert parse(typeset).program == plain.program
    assert parse(text.replace("^", "**")[:MAX_LENGTH] if len(text) < 50 else text).program == plain.program
    assert plain.text == text


def test_values_have_the_shape_of_the_points_and_are_their_own():
    x1, x2 = np.ones((3, 1), np.float32), np.arange(4)
    for text in ("1", "x1", "x2", "x1*x2"):
        found = parse(text)(x1, x2)
        assert found.shape == (3, 4)
        assert found.dtype == np.float64
        assert found.flags.writeable
        assert found.flags.c_contiguous
    points = np.arange(4.0)
    parse("x1")(points, points)[:] = 9
    assert points.tolist() == [0, 1, 2, 3]
    assert parse("x1+x2")(np.empty(0), np.empty(0)).shape == (0,)


def test_undefined_values_come_without_warnings():
    for text in (
        "1/x1",
        "log(x1)",
        "sqrt(-1)",
        "0/0",
        "exp(999)",
        "9^9^9^9",
        "(-8)^(1/3)",
        "tan(exp(800))",
        "1e308*10",
    ):
        assert not np.isfinite(value(text)), text


# ---- errors ----

WRONG = [  # text, position, words in the English sentence
    ("", 0, "empty"),
    (" \t", 0, "empty"),
    ("foo", 0, 'Unknown name "foo" at position 0'),
    ("x1 + 2*foo", 7, 'Unknown name "foo" at position 7'),
    ("x1 + y", 5, "Known are x1, x2"),
    ("x3", 0, "x3"),
    ("__import__", 0, "__import__"),
    ("x1 +", 4, "Unexpected end at position 4"),
    ("x1 + ", 5, "Unexpected end at position 5"),
    ("(", 1, "Unexpected end"),
    ("sin(", 4, "Unexpected end"),
    ("-", 1, "Unexpected end"),
    ("2+(x1", 2, "bracket opened at position 2 is not closed"),
    ("((x1)", 0, "bracket opened at position 0 is not closed"),
    ("sin(x1", 3, "bracket opened at position 3 is not closed"),
    ("max (x1, x2", 4, "bracket opened at position 4 is not closed"),
    ("x1)", 2, "closed at position 2 was never opened"),
    ("(x1))*2", 4, "closed at position 4 was never opened"),
    ("()", 1, 'missing before ")" at position 1'),
    ("* x1", 0, 'missing before "*"'),
    ("x1 + / x2", 5, 'missing before "/" at position 5'),
    ("²", 0, "missing before"),
    ("max(x1,)", 7, 'missing before ")"'),
    ("max(,x1)", 4, 'missing before ","'),
    ("3x1", 1, "write 3*x1"),
    ("3 x1", 2, "write 3*x1"),
    ("x1x2", 2, "write x1*x2"),
    ("x₁x₂", 2, "write x1*x2"),
    ("1 + x1sin(x2)", 6, "write x1*sin"),
    ("2πx1", 1, "write 2*π*x1"),
    ("1e", 1, "write 1*e"),
    ("x1(x2+1)", 2, "write x1*(…)"),
    ("(x1)(x2)", 4, "write )*(…)"),
    ("(x1)2", 4, "write )*2"),
    ("1.2.3", 3, "write 1.2*.3"),
    ("x1²x2", 3, "write ²*x2"),
    ("sin x1", 0, "write sin(x1)"),
    ("2*max", 2, "write max(x1, x2)"),
    ("1+sin(x1,x2)", 2, "sin takes 1 value, not 2"),
    ("max(x1)", 0, "max takes 2 values, not 1"),
    ("max(x1,x2,1)", 0, "max takes 2 values, not 3"),
    ("x1,x2", 2, 'Unexpected ","'),
    ("(x1,x2)", 3, 'Unexpected ","'),
    ("1e400", 0, "too large"),
    ("x1 + 1e999", 5, "too large"),
    ("x1 = 3", 3, 'Unexpected character "=" at position 3'),
    ("|x1|", 0, "write abs(x1)".capitalize()),
    ("x1.real", 2, 'Unexpected character "."'),
    ("x1[0]", 2, 'Unexpected character "["'),
    ("'a'", 0, "Unexpected character"),
    ("x1;x2", 2, "Unexpected character"),
    ("lambda: 1", 6, 'Unexpected character ":"'),
    ("x1 + \x00", 5, "U+0000"),
    ("\ud800", 0, "U+D800"),
    ("x1 + 横", 5, '"横"'),
    ("x1 + 😀", 5, "😀"),
    ("3₁", 1, "₁"),
    ("٣", 0, "٣"),
    ("x1" + " " * 200, 100, "202 characters, at most 100"),
    ("(" * 60, MAX_DEPTH, "nested more than 30 deep"),
    ("-" * 99 + "1", MAX_DEPTH, "nested"),
    ("2^" * 49 + "2", 2 * MAX_DEPTH, "nested"),
]


@pytest.mark.parametrize(("text", "position", "words"), WRONG, ids=[ascii(text)[:20] for text, _, _ in WRONG])
def test_an_error_says_where_and_what(text, position, words):
    error = refusal(text)
    assert error.position == position
    assert words in error.reason.en
    assert str(error) == error.reason.en
    assert error.reason.zh != error.reason.en
    for shown in (str(position),) if f"position {position}" in error.reason.en else ():
        assert shown in error.reason.zh


MARKS = ["(", ")", "(", ")", ",", "+", "-", "*", "/", "^", "**", "²", " ", ".", "，", "−", "|", "=", "\x00", "\ud800"]
WORDS = ["x1", "x2", "x₁", "π", "e", "pi", "1", "2.5", "1e5", "1e", "1e400", "foo", *FUNCTIONS]
PIECES = st.sampled_from(MARKS) | st.sampled_from(WORDS)


@settings(deadline=None, max_examples=1000)
@given(st.text(max_size=120) | st.lists(PIECES, max_size=40).map("".join))
def test_no_text_raises_anything_else(text):
    try:
        found = parse(text)
    except FormulaError as error:
        assert 0 <= error.position <= len(text)
        assert error.reason.en and error.reason.zh
    else:
        assert found(X1, X2).shape == X1.shape


@QUICK
@given(trees.map(written).filter(lambda text: len(text) < MAX_LENGTH), st.data())
def test_a_strange_character_is_found_where_it_stands(text, data):
    place = data.draw(st.integers(0, len(text)))
    error = refusal(text[:place] + "§" + text[place:])
    assert error.position == (place - 1 if re.search(r"(?<![0-9])\.$", text[:place]) else place)  # "." of ".5" is first


def test_work_is_bounded():
    """Sums, brackets and powers as long as they can be, at many points: milliseconds, where trees of Python integers
    (9^9^9^9) would take for ever."""
    begun = time.process_time()
    for text in ("9^9^9^9^9", "+".join(["x1"] * 33), "^".join(["x1"] * 30), "sin(" * 19 + "x1" + ")" * 19):
        assert len(text) <= MAX_LENGTH
        assert isinstance(parse(text), Formula)
        parse(text)(np.linspace(-6, 6, 10_000), np.zeros(1))
    for text in ("(" * 10**6, "x1+" * 10**6, " " * 10**6):
        refusal(text)
    assert time.process_time() - begun < 2


# ---- values that must be finite ----

POLES = {  # the bad point nearest to the middle
    "1/x1": "x1 = 0, x2 = 0",
    "log(x2)": "x1 = 0, x2 = 0",
    "1/(x1-0.3)": "x1 = 0.3, x2 = 0",
    "1/(x1+x2-5.9)": None,
    "sqrt(x1)": "x1 = -0.1, x2 = 0",
    "sqrt(x1+5.95)": "x1 = -6, x2 = 0",
    "log(5.95 - x2)": "x1 = 0, x2 = 6",
    "0/0": "x1 = 0, x2 = 0",
    "9^9^9": "x1 = 0, x2 = 0",
    "(-8)^(1/3)": "x1 = 0, x2 = 0",
}


@pytest.mark.parametrize("text", POLES)
def test_a_formula_without_a_finite_value_somewhere_is_refused_with_the_point(text):
    parse(text)
    error = refusal(text, checked)
    for sentence in error.reason:
        assert (POLES[text] or "x1 = ") in sentence
        assert "log(abs(x1)+1)" in sentence


@pytest.mark.parametrize("text", ["exp(x1*x2)", "1000001", "-1000001", "x1^9", "1/(x1^2+1e-7)"])
def test_a_formula_that_grows_too_large_is_refused_with_the_point_and_the_value(text):
    error = refusal(text, checked)
    for sentence in error.reason:
        assert "x1 = " in sentence
        assert "tanh" in sentence
    assert "1,000,000" in error.reason.en


@pytest.mark.parametrize(
    "text",
    ["log(abs(x1)+1)", "sqrt(abs(x1))", "x1/(abs(x2)+1)", "1000000", "exp(x1+x2)", "x1^7", "tan(x1)", "0*x1", "2^-x1"],
)
def test_what_is_finite_everywhere_is_accepted(text):
    assert checked(text) == parse(text)
    assert np.abs(checked(text)(X1, X2)).max() <= MAX_VALUE


def test_what_the_sentences_advise_is_right():
    for advised in ("x1*x2", "abs(x1)", "log(abs(x1)+1)", "sqrt(abs(x1))", "x1/(abs(x2)+1)", "max(x1, x2)"):
        checked(advised)
