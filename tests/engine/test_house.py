"""Laws of the house: what the engine may import, and that every component and setting explains itself."""

import ast
import doctest
import sys
from dataclasses import MISSING, FrozenInstanceError, fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest
from annotated_types import Interval, Len

import engine
from engine import CATALOG, DataSpec, Experiment, HiddenLayer, NetworkSpec
from engine.component import Component, Setting

FILES = sorted(Path(engine.__file__).parent.rglob("*.py"))
ALLOWED = {"engine", "numpy", "annotated_types"}
COMPONENTS = [cls for registry in CATALOG.values() for cls in registry.values()]
SPECS = [DataSpec, HiddenLayer, NetworkSpec, Experiment]


def settings(cls):
    """Every field that a user can change: its name, default, and the notes of its annotation."""
    hints = get_type_hints(cls, include_extras=True)
    for field in fields(cls):
        default = field.default if field.default_factory is MISSING else field.default_factory()
        yield field.name, default, getattr(hints[field.name], "__metadata__", ())


SETTINGS = [
    pytest.param(cls, default, notes, id=f"{cls.__name__}.{name}")
    for cls in (*COMPONENTS, *SPECS)
    for name, default, notes in settings(cls)
    if any(isinstance(note, Setting) for note in notes)
]


def find(notes, kind):
    return next((note for note in notes if isinstance(note, kind)), None)


def inside(value, interval):
    return (
        (interval.ge is None or value >= interval.ge)
        and (interval.gt is None or value > interval.gt)
        and (interval.le is None or value <= interval.le)
        and (interval.lt is None or value < interval.lt)
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_engine_imports_numpy_the_standard_library_and_nothing_else(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [node.module or ""]
        else:
            continue
        for name in names:
            top = name.partition(".")[0]
            assert top in ALLOWED or top in sys.stdlib_module_names, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_module_says_what_it_is_for(path):
    assert len(ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "") > 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nobody_uses_the_global_generator(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "random":
            assert node.attr in {"default_rng", "Generator", "SeedSequence", "BitGenerator"}, node.attr
        if isinstance(node, ast.Import):
            assert "random" not in [alias.name for alias in node.names]


def test_the_example_in_the_docstring_prints_what_it_says():
    result = doctest.testmod(engine)
    assert result.attempted > 0 and result.failed == 0


def test_all_names_are_there():
    for name in engine.__all__:
        assert hasattr(engine, name)


def test_families_are_named_by_their_registry():
    for family, registry in CATALOG.items():
        assert registry.family == family
        assert registry.label.en and registry.label.zh


def is_bilingual(text):
    return text.en.strip() and text.zh.strip()


@pytest.mark.parametrize("cls", COMPONENTS, ids=lambda cls: f"{cls.family}.{cls.id}")
def test_every_component_explains_itself_in_both_languages(cls):
    assert CATALOG[cls.family][cls.id] is cls
    assert cls.id.isascii() and cls.id.replace("_", "a").isalnum() and cls.id == cls.id.lower()
    assert is_bilingual(cls.label) and is_bilingual(cls.description)
    assert cls.description.en.endswith(".") and cls.description.zh.endswith("。")
    assert any("一" <= character <= "鿿" for character in cls.description.zh)
    # What one chooses between, one is told when to choose.
    assert (cls.suits is None) == (cls.fails is None) == (cls.family in ("datasets", "shifts", "features"))
    for advice in filter(None, (cls.suits, cls.fails)):
        assert is_bilingual(advice) and advice.en.endswith(".") and advice.zh.endswith("。")
    assert cls.formula.strip()
    assert cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}(")  # that one is dataclass's own


@pytest.mark.parametrize("cls", COMPONENTS, ids=lambda cls: f"{cls.family}.{cls.id}")
def test_every_component_is_frozen_equal_by_value_and_has_defaults(cls):
    assert is_dataclass(cls)
    assert cls() == cls() and hash(cls()) == hash(cls())
    for name, _, notes in settings(cls):
        assert find(notes, Setting), f"{name} explains itself"
        with pytest.raises(FrozenInstanceError):
            setattr(cls(), name, 0)


@pytest.mark.parametrize("family", CATALOG)
def test_labels_differ_within_a_family(family):
    for language in (0, 1):
        labels = [cls.label[language] for cls in CATALOG[family].values()]
        assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(("cls", "default", "notes"), SETTINGS)
def test_every_setting_explains_itself_in_both_languages(cls, default, notes):
    setting = find(notes, Setting)
    assert is_bilingual(setting.label) and is_bilingual(setting.description)
    assert setting.description.en.endswith(".") and setting.description.zh.endswith("。")


@pytest.mark.parametrize(("cls", "default", "notes"), SETTINGS)
def test_legal_ranges_hold_the_default_the_suggestions_and_the_comparison(cls, default, notes):
    setting, interval, length = find(notes, Setting), find(notes, Interval), find(notes, Len)
    if setting.options:
        assert default in [value for value, _ in setting.options]
    elif isinstance(default, int | float) and not isinstance(default, bool):
        assert interval, "a number has a legal range"
        for value in (default, *setting.suggestions, *setting.compare):
            assert inside(value, interval), value
            assert isinstance(value, type(default)), value
        for values in (setting.suggestions, setting.compare):
            assert list(values) == sorted(set(values))
        if setting.scale == "log":  # zero has no place on it but as "off", at the low end and among the suggestions
            assert default > 0 or default == interval.ge == setting.suggestions[0]
            assert interval.ge >= 0
    if isinstance(default, tuple):
        assert length and length.min_length <= len(default) <= (length.max_length or len(default))


def test_every_component_a_spec_starts_with_is_in_the_catalog():
    spec = NetworkSpec()
    defaults = [layer.activation for layer in spec.hidden]
    defaults += [value for value in (*vars(spec).values(), *vars(DataSpec()).values()) if isinstance(value, Component)]
    assert len(defaults) > 5
    for component in (*defaults, *spec.regularizers, *spec.features):
        assert CATALOG[component.family][component.id] is type(component)
