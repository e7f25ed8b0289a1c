"""What is accepted and what is refused, for every field of every spec and component."""

import json
import math
import time
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.schema import MAX_NESTING, Invalid, dump, load, parse, short
from engine import CATALOG, DataSpec, Experiment, HiddenLayer, NetworkSpec

QUICK = settings(deadline=None, max_examples=40)


def refusal(value: Any, kind: Any = Experiment) -> Any:
    """The one problem that parsing ends with."""
    with pytest.raises(Invalid) as caught:
        parse(kind, value)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def reached(experiment: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        experiment = experiment[part] if isinstance(part, int) else getattr(experiment, part)
    return experiment


def past(value: Any, kind: type, direction: int) -> Any:
    return value + direction if kind is int else float(np.nextafter(value, direction * math.inf))


def ends(interval: Any) -> tuple[Any, Any]:
    low = interval.ge if interval.ge is not None else interval.gt
    return low, interval.le if interval.le is not None else interval.lt


def test_the_ends_of_every_range_are_legal(ranged_field: Any) -> None:
    path, kind, interval, document = ranged_field
    low, high = ends(interval)
    first = low if interval.ge is not None else past(low, kind, 1)
    last = high if interval.le is not None else past(high, kind, -1)
    for value in (first, last):
        found = reached(parse(Experiment, document(value)), path)
        assert found == value
        assert type(found) is kind


def test_one_past_either_end_is_refused_naming_the_place_and_both_ends(ranged_field: Any) -> None:
    path, kind, interval, document = ranged_field
    low, high = ends(interval)
    below = past(low, kind, -1) if interval.ge is not None else low
    above = past(high, kind, 1) if interval.le is not None else high
    for value, code in ((below, "too_small"), (above, "too_large"), (-(10**30), "too_small"), (10**30, "too_large")):
        problem = refusal(document(value))
        assert (problem.path, problem.code) == (path, code)
        assert (problem.params["minimum"], problem.params["maximum"]) == (low, high)
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        assert problem.message.startswith(f"{where}: ")
        assert str(low) in problem.message
        assert str(high) in problem.message


def test_only_numbers_are_numbers(ranged_field: Any) -> None:
    path, kind, interval, document = ranged_field
    low, high = ends(interval)
    expected = "not_integer" if kind is int else "not_number"
    wrong: list[Any] = [True, False, "8", "", None, [], {}, [low]]
    if kind is int:
        wrong += [float(low), low + 0.5, math.nan, math.inf]
    for value in wrong:
        problem = refusal(document(value))
        assert (problem.path, problem.code) == (path, expected), value
        assert (problem.params["minimum"], problem.params["maximum"]) == (low, high)
    for value in (math.nan, math.inf, -math.inf) if kind is float else ():
        problem = refusal(document(value))
        assert (problem.path, problem.code) == (path, "not_finite"), value


def test_integers_count_as_floats_but_keep_no_integer_type(ranged_field: Any) -> None:
    path, kind, interval, document = ranged_field
    whole = math.ceil(ends(interval)[0])
    if kind is float and whole < ends(interval)[1]:
        assert type(reached(parse(Experiment, document(whole)), path)) is float


@pytest.mark.parametrize("digits", [30, 400, 4000, 5000])
@pytest.mark.parametrize("name", ["seed", "learning_rate"])
def test_huge_integers_are_refused_not_computed_with(name: str, digits: int) -> None:
    with pytest.raises(Invalid):
        parse(NetworkSpec, load(f'{{"{name}": 1{"0" * digits}}}'))


@pytest.mark.parametrize("cls", [DataSpec, HiddenLayer, NetworkSpec, Experiment])
def test_unknown_fields_are_refused_by_name(cls: type) -> None:
    problem = refusal({"momentun": 0.9}, cls)
    assert (problem.path, problem.code, problem.params["key"]) == (("momentun",), "unknown_field", "momentun")
    assert "momentun" in problem.message


@pytest.mark.parametrize("family", CATALOG)
def test_unknown_fields_and_ids_of_components(family: str) -> None:
    for cls in CATALOG[family].values():
        base = cls.__mro__[1]
        problem = refusal({"id": cls.id, "colour": 1}, base)
        assert (problem.path, problem.code) == (("colour",), "unknown_field")
        for unknown in ("nothing_of_that_name", "", cls.id.upper(), None, 3, [], {}):
            problem = refusal({"id": unknown}, base)
            assert problem.code == "unknown_choice"
            assert all(known in problem.params["expected"] for known in CATALOG[family])
        assert refusal("nothing_of_that_name", base).code == "unknown_choice"
        assert refusal({}, base).code == "missing"
        for wrong in (None, 3, [cls.id], True):
            assert refusal(wrong, base).code == "wrong_type"


@pytest.mark.parametrize("family", CATALOG)
def test_every_component_is_accepted_as_object_and_in_short(family: str) -> None:
    for component_id, cls in CATALOG[family].items():
        base = cls.__mro__[1]
        assert parse(base, component_id) == parse(base, {"id": component_id}) == cls()


@QUICK
@given(data=st.data())
def test_short_forms_say_the_same_as_objects(legal: Any, data: st.DataObject) -> None:
    for family, registry in CATALOG.items():
        for cls in registry.values():
            component = data.draw(legal(cls), label=family)
            assert parse(cls.__mro__[1], short(component)) == component
            assert parse(cls.__mro__[1], dump(component)) == component


@pytest.mark.parametrize(
    "text",
    ["leaky_relu(slope=0.2)", " leaky_relu ( slope = 0.2 ) ", "leaky_relu(slope=2e-1)", "leaky_relu(\tslope=0.20\n)"],
)
def test_short_forms_forgive_blanks(text: str) -> None:
    layer = parse(HiddenLayer, {"activation": text})
    assert dump(layer.activation) == {"id": "leaky_relu", "slope": 0.2}


@pytest.mark.parametrize(
    "text", ["leaky_relu(", "leaky_relu)", "(", "()", "leaky_relu(slope)", "leaky_relu(=1)", "leaky_relu(slope=true)"]
)
def test_broken_short_forms_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse(HiddenLayer, {"activation": text})


def test_a_short_form_cannot_change_its_own_id() -> None:
    with pytest.raises(Invalid):
        parse(HiddenLayer, {"activation": 'relu(id="tanh")'})


def test_a_long_text_of_blanks_is_judged_at_once() -> None:
    """A pattern that tries every way to share out the blanks needs half a minute for the longest legal message."""
    begun = time.thread_time()
    with pytest.raises(Invalid):
        parse(HiddenLayer, {"activation": "relu" + " " * 20_000 + "!"})
    assert time.thread_time() - begun < 0.3


@QUICK
@given(data=st.data())
def test_dump_and_parse_are_inverse(experiments: Any, data: st.DataObject) -> None:
    experiment = data.draw(experiments)
    document = dump(experiment)
    assert parse(Experiment, document) == experiment
    assert parse(Experiment, load(json.dumps(document))) == experiment
    assert dump(parse(Experiment, document)) == document


def test_what_is_left_out_stays_at_its_default() -> None:
    assert parse(Experiment, {}) == Experiment()
    for cls in (DataSpec, HiddenLayer, NetworkSpec):
        default = dump(cls())
        for field in fields(cls):
            without = {name: value for name, value in default.items() if name != field.name}
            assert parse(cls, without) == cls()


@pytest.mark.parametrize("cls", [DataSpec, HiddenLayer, NetworkSpec, Experiment])
@pytest.mark.parametrize("value", [None, 3, "text", [], True])
def test_a_spec_is_an_object(cls: type, value: object) -> None:
    assert refusal(value, cls).code == "wrong_type"


def test_lengths() -> None:
    layer: dict[str, Any] = {"width": 1}
    problem = refusal({"panels": [{"hidden": [layer] * 9}]})
    assert (problem.path, problem.code, problem.params["maximum"]) == (("panels", 0, "hidden"), "too_long", 8)
    problem = refusal({"panels": [{"features": []}]})
    assert (problem.path, problem.code, problem.params["minimum"]) == (("panels", 0, "features"), "too_short", 1)
    assert refusal({"panels": []}).code == "too_short"
    assert refusal({"panels": [{}] * 7}).code == "too_long"


def test_input_features_are_a_subset_of_the_catalog() -> None:
    """Ten thousand copies of x1 would pass the message limit, and take gigabytes as a grid."""
    everything = list(CATALOG["features"])
    assert len(parse(NetworkSpec, {"features": everything}).features) == len(everything)
    with pytest.raises(Invalid):
        parse(NetworkSpec, {"features": everything * 1000})


def test_a_formula_with_an_error_is_refused_with_its_place() -> None:
    problem = refusal({"panels": [{"features": ["x1", {"id": "formula", "expression": "x1 + 2x2"}]}]})
    assert (problem.path, problem.code) == (("panels", 0, "features", 1, "expression"), "impossible")
    assert "position 6: write 2*x2" in problem.message
    assert "位置 6" in problem.sentence("zh")


def test_formulas_stand_together_but_only_so_many() -> None:
    """A message has room for thousands of short ones, and each is worked out at every point of a grid."""
    formulas = [{"id": "formula", "expression": f"x1+{number}"} for number in range(17)]
    assert len(parse(NetworkSpec, {"features": formulas[:16]}).features) == 16
    problem = refusal({"panels": [{"features": formulas}]})
    assert (problem.path, problem.code, problem.params["maximum"]) == (("panels", 0, "features"), "too_long", 16)
    twice = [formulas[3], "x1", formulas[3]]
    assert refusal({"panels": [{"features": twice}]}).code == "twice"


def test_all_that_is_wrong_is_named() -> None:
    with pytest.raises(Invalid) as caught:
        parse(Experiment, {"speed": 0, "panels": [{"learning_rate": 11}, {"seed": -1}], "data": {"noise": 0.9}})
    assert {problem.path for problem in caught.value.problems} == {
        ("speed",),
        ("panels", 0, "learning_rate"),
        ("panels", 1, "seed"),
        ("data", "noise"),
    }


def booleans() -> list[Any]:
    """Every switch of a network and of a component, as (class, name)."""
    components = [cls for registry in CATALOG.values() for cls in registry.values()]
    classes = [NetworkSpec, DataSpec, HiddenLayer, *components]
    return [
        (cls, field.name) for cls in classes for field in fields(cls) if isinstance(getattr(cls(), field.name), bool)
    ]


@pytest.mark.parametrize(("cls", "name"), booleans(), ids=lambda part: getattr(part, "__name__", part))
def test_only_true_and_false_are_switches(cls: type, name: str) -> None:
    component = hasattr(cls, "family")
    kind, base = (cls.__mro__[1], {"id": cls.id}) if component else (cls, {})  # type: ignore[attr-defined]
    for value in (True, False):
        assert getattr(parse(kind, {**base, name: value}), name) is value
    for wrong in (0, 1, 1.0, "true", "", None, [], {}):
        problem = refusal({**base, name: wrong}, kind)
        assert (problem.path, problem.code) == ((name,), "wrong_type"), wrong


def test_regularizers_are_a_set() -> None:
    everything = [{"id": name} for name in CATALOG["regularizers"]]
    assert len(parse(NetworkSpec, {"regularizers": everything}).regularizers) == len(everything)
    assert parse(NetworkSpec, {"regularizers": []}).regularizers == ()
    problem = refusal({"panels": [{"regularizers": ["l2", "dropout", "l2"]}]})
    assert (problem.path, problem.code) == (("panels", 0, "regularizers"), "twice")
    assert refusal({"panels": [{"regularizers": "l2"}]}).code == "wrong_type"


ODD_BUT_VALID = [
    "{}",
    " \r\n\t{ } \r\n\n",
    '{"version": 1}',
    '{"speed": 1}',
    '{"speed": 0.1}',
    '{"speed": 1e3}',
    '{"speed": 1E+3}',
    '{"data": {}}',
    '{"data": {"noise": 0}}',
    '{"data": {"noise": -0.0}}',
    '{"data": {"noise": 5e-1}}',
    '{"data": {"noise": 0.50000}}',
    '{"data": {"samples": 2000}}',
    '{"data": {"samples": 20, "train_share": 0.1}}',
    '{"data": {"seed": 0}}',
    '{"data": {"seed": -0}}',
    '{"data": {"seed": 2147483647}}',
    '{"data": {"dataset": "arms"}}',
    '{"data": {"dataset": "arms(classes=6)"}}',
    '{"data": {"dataset": {"classes": 6, "id": "arms"}}}',
    '{"data": {"dataset": {"id": "spiral", "turns": 3}}}',
    '{"data": {"dataset": "\\u0078or"}}',
    '{"panels": [{}]}',
    '{"panels": [{}, {}, {}, {}, {}, {}]}',
    '{"panels": [{"hidden": []}]}',
    '{"panels": [{"hidden": [{}]}]}',
    '{"panels": [{"hidden": [' + ", ".join(['{"width": 128}'] * 8) + "]}]}",
    '{"panels": [{"learning_rate": 1}]}',
    '{"panels": [{"learning_rate": 10}]}',
    '{"panels": [{"learning_rate": 1e-5}]}',
    '{"panels": [{"learning_rate": 0.00001}]}',
    '{"panels": [{"seed": 0}, {"seed": 2147483647}]}',
    '{"panels": [{"batch_size": 1}]}',
    '{"panels": [{"batch_size": 2000}], "data": {"samples": 20}}',
    '{"panels": [{"optimizer": {"id": "adam", "beta1": 0, "beta2": 0}}]}',
    '{"panels": [{"optimizer": "momentum(beta=0.9999)"}]}',
    '{"panels": [{"regularizers": [{"id": "l1", "strength": 10}]}]}',
    '{"panels": [{"regularizers": []}]}',
    '{"panels": [{"regularizers": ["dropout(inputs=1, hidden=1)", "augmentation(mirror=true)", "l2"]}]}',
    '{"panels": [{"hidden": [{"strength": 0}], "frozen": 8, "clip_norm": 0, "gain": 10, "bias": -2}]}',
    '{"panels": [{"features": ["sin_x2"]}]}',
    '{"panels": [{"features": ["x2", {"id": "x1"}]}]}',
]


@pytest.mark.parametrize("text", ODD_BUT_VALID)
def test_odd_but_valid_input_is_accepted(text: str) -> None:
    assert isinstance(parse(Experiment, load(text)), Experiment)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{} {}",
        "'x'",
        '{"a": 1, "a": 1}',
        '{"data": {"noise": 0, "noise": 0.1}}',
        "NaN",
        "[Infinity]",
        '{"a": -Infinity}',
        "1e400",
        "[-1e999]",
        "1" * 5000,
        '"\\ud800"',
        '{"\\udfff": 1}',
        '"\ud800"',
        "[" * 100_000,
        "[" * 900 + "]" * 900,
        '{"a":' * 30 + "1" + "}" * 30,
        "[" * (MAX_NESTING + 1) + "]" * (MAX_NESTING + 1),
        "[.5]",
        "[1,]",
        "[01]",
        "\x00",
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        load(text)
    assert [problem.code for problem in caught.value.problems] == ["invalid_json"]


@QUICK
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**12), 10**12)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_json_is_read_as_what_it_says(value: Any) -> None:
    assert load(json.dumps(value)) == value
    assert load(json.dumps(value, ensure_ascii=False)) == value


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_any_value_is_an_experiment_or_refused(data: st.DataObject) -> None:
    names = [field.name for cls in (DataSpec, HiddenLayer, NetworkSpec, Experiment) for field in fields(cls)]
    ids = [component_id for registry in CATALOG.values() for component_id in registry]
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(ids)
    keys = st.sampled_from([*names, "id"]) | st.text(max_size=3)
    value = data.draw(
        st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4))
    )
    try:
        parsed = parse(Experiment, value)
    except Invalid as error:
        assert error.problems
        assert all(problem.message for problem in error.problems)
    else:
        assert parse(Experiment, dump(parsed)) == parsed
