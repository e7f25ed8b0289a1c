"""Exported programs, run: they predict what the playground predicts, for everything in the catalog."""

import re
import subprocess
import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from engine import CATALOG, DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.ablation import Off
from engine.activations import Activation, Linear
from engine.component import Refused, Text
from engine.datasets import Spiral
from engine.export import export, tensors
from engine.features import Formula
from engine.losses import Loss
from engine.programs import FUNCTIONS, LANGUAGES, WORDS, literal, program
from engine.regularizers import REGULARIZERS

INSTALLED = {"numpy": "numpy", "pytorch": "torch", "keras": "keras"}
RUNS_HERE = [language for language in LANGUAGES if find_spec(INSTALLED[language])]
POINTS = np.random.default_rng(5).uniform(-6, 6, (2, 200))
SOME = DataSpec(samples=100, dataset=Spiral())


def run(text):
    """What is in a program, as its importer sees it."""
    names = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    return SimpleNamespace(**names)


def same(trainer, network=0):
    """Every program that can run here predicts what the trainer does, to 1e-6 of the size of the numbers."""
    expected = trainer.predict(POINTS)[network].T
    for language in RUNS_HERE:
        found = run(program(export(trainer, network), language)).predict(POINTS.T)
        assert found.shape == expected.shape
        tolerance = 1e-6 if language == "numpy" else 5e-6  # the others add in another order
        assert np.abs(found - expected).max() <= tolerance * max(1.0, np.abs(expected).max()), language


def trained(data=SOME, *specs, epochs=10, **settings):
    trainer = Trainer(data, *(specs or (NetworkSpec(**settings),)))
    trainer.train(epochs)
    assert trainer.finite.all()
    return trainer


@pytest.mark.parametrize("extra", [{}, {"residual": True, "batch_norm": True}], ids=["plain", "residual-norm"])
def test_every_activation(activation, extra):
    layers = HiddenLayer(5, activation), HiddenLayer(5, activation), HiddenLayer(4, activation)
    trainer = trained(hidden=layers, learning_rate=0.003, **extra)
    same(trainer)


def test_every_feature_and_preprocessing(feature, default_preprocessing):
    x1 = CATALOG["features"]["x1"]()
    same(trained(features=(x1, feature), preprocessing=default_preprocessing))


def test_every_preprocessing_of_all_features(preprocessing):
    same(trained(features=tuple(cls() for cls in CATALOG["features"].values()), preprocessing=preprocessing))


FORMULAS = [
    "x1*x2 + sin(3*x1)",
    "-x1^2 - -x2",
    "2^-x1 - (x1 - (x2 - 1)) / (x2^2 + 1)",
    "(-x1)^2 + -(x1*x2)^3",
    "step(x1) * relu(x2) + min(x1, max(x2, 1))",
    "3",
    "x1 + 1/(1 - 1.5)^3 + pi*e",
    "abs(x1)^2^0.5 - sqrt(abs(x2)) + log(abs(x1) + 1) + sign(x2) - tanh(x1)*cos(x2) + exp(-x1²)",
]


@pytest.mark.parametrize("expression", FORMULAS)
def test_formulas(expression):
    same(trained(features=(Formula(expression), Formula("x1"))))


def test_every_loss_with_every_number_of_classes(default_loss, sensible):
    for dataset in CATALOG["datasets"].values():
        data = replace(SOME, dataset=dataset())
        spec = NetworkSpec(loss=default_loss, learning_rate=0.003)
        if sensible(spec, data):
            same(trained(data, spec, epochs=3))


def test_regression_on_classes_where_no_output_is_above_zero():
    trainer = trained(loss=CATALOG["losses"]["squared_error"]())
    trainer.network.weights[-1][..., -1] = -30
    same(trainer)
    np.testing.assert_array_equal(run(program(export(trainer), "numpy")).predict(POINTS.T[:3]), 0.5)


@pytest.mark.parametrize("name", REGULARIZERS)
def test_every_regularizer(name):
    optimizer = CATALOG["optimizers"]["adam"]()
    same(trained(regularizers=(REGULARIZERS[name](),), optimizer=optimizer, batch_size=20))


def test_plain_dropout_scales_what_it_predicts_with():
    trainer = trained(regularizers=(REGULARIZERS["plain_dropout"](inputs=0.5, hidden=0.75),))
    assert "0.75 * a" in program(export(trainer), "numpy")
    same(trainer)


def test_no_hidden_layer_a_deep_one_and_units_that_learn():
    same(trained(hidden=()))
    same(trained(hidden=(HiddenLayer(20),) * 8, batch_norm=True))
    prelu, maxout = (CATALOG["activations"][name]() for name in ("prelu", "maxout"))
    same(trained(hidden=(HiddenLayer(4, prelu), HiddenLayer(4, replace(maxout, pieces=3))), residual=True))


@pytest.mark.parametrize("residual", [False, True])
def test_what_is_switched_off_is_off_in_the_program_too(residual):
    trainer = trained(hidden=(HiddenLayer(5),) * 3, residual=residual, batch_norm=True)
    trainer.switch(Off(frozenset({1, 3, 9}), frozenset({(1, 2, 0), (0, 1, None)})))
    trainer.train(2)
    same(trainer)
    assert ("kept" in program(export(trainer), "numpy")) == residual


def test_in_double_precision_as_links_of_tensorflow_playground_have_it():
    trainer = Trainer(SOME, NetworkSpec(), dtype=np.float64)
    trainer.train(5)
    found = run(program(export(trainer), "numpy")).predict(POINTS.T)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, trainer.predict(POINTS)[0].T, atol=1e-14)


def test_each_network_of_a_population_is_its_own():
    specs = [NetworkSpec(seed=seed, hidden=(HiddenLayer(4, CATALOG["activations"]["leaky_relu"](slope)),),)
             for seed, slope in ((1, 0.1), (2, 0.5))]  # fmt: skip
    trainer = trained(SOME, *specs)
    for network in range(2):
        same(trainer, network)


@pytest.mark.parametrize("language", RUNS_HERE)
def test_a_program_run_by_itself_says_how_far_it_is_from_the_playground(language, tmp_path):
    path = tmp_path / "network.py"
    text = program(export(trained()), language, ['A "network" with a \\ in its head.'])
    path.write_text(text, "utf-8")
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True, timeout=300)
    assert float(done.stdout.split()[-1]) < 1e-6


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_program_compiles_is_short_and_in_both_languages(language):
    exported = export(trained(batch_norm=True, residual=True))
    english, chinese = (program(exported, language, chinese=chosen) for chosen in (False, True))
    for text in (english, chinese):
        compile(text, "exported.py", "exec")
        code = text.partition("CENTRE =")[0]
        assert len(code.splitlines()) < 60
        assert max(map(len, text.splitlines())) <= 115
    assert not re.search("[\u4e00-\u9fff]", english)
    assert len(re.findall("[\u4e00-\u9fff]+", chinese)) > 8


def test_numbers_are_written_so_that_they_come_back():
    rng = np.random.default_rng(3)
    for dtype in (np.float32, np.float64):
        for shape in ((3,), (40,), (2, 3), (3, 40), (1, 0)):
            array = (rng.normal(size=shape) * 10.0 ** rng.integers(-12, 12, shape)).astype(dtype)
            back = {}
            exec(literal("A", array), {"np": np}, back)
            assert back["A"].dtype == dtype
            np.testing.assert_array_equal(back["A"].reshape(shape), array)


def test_all_words_are_known_and_used():
    texts = " ".join(cls.program for cls in CATALOG["activations"].values())
    texts += " ".join(cls().written(classes)[0] for cls in CATALOG["losses"].values() for classes in (2, 3))
    used = set(re.findall(r"(\w+)\(", texts))
    assert used - set(WORDS) == set()
    assert set(FUNCTIONS) <= used
    for templates in WORDS.values():
        assert all(template.count("{}") == 1 for template in templates)


@dataclass(frozen=True)
class Silent(Linear):
    """An activation that says nothing about programs."""

    label: ClassVar[Text] = Text("Silent", "沉默")
    program: ClassVar[str] = Activation.program


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_no_program_can_say_is_refused_by_name_and_its_numbers_are_there(language):
    trainer = trained(hidden=(HiddenLayer(3, Silent()),))
    exported = export(trainer)
    assert tensors(exported)["layer1.weight"].shape == (3, 2)
    with pytest.raises(Refused, match="Silent has no form") as refused:
        program(exported, language)
    assert "沉默" in refused.value.reason.zh
    assert Loss().written(2) == ("", {})


def test_a_network_that_has_diverged_is_refused():
    trainer = trained()
    trainer.network.parameters[0, 0] = np.inf
    with pytest.raises(Refused, match="diverged"):
        export(trainer)


def test_tensors_are_all_parameters_under_names_of_their_own():
    prelu = CATALOG["activations"]["prelu"]()
    trainer = trained(hidden=(HiddenLayer(4, prelu), HiddenLayer(3)), batch_norm=True)
    found = tensors(export(trainer))
    averages = sum(array.size for name, array in found.items() if "running" in name)
    inputs = sum(array.size for name, array in found.items() if name.startswith("inputs."))
    assert sum(array.size for array in found.values()) == trainer.network.parameters.size + averages + inputs
    assert set(found) >= {"layer1.weight", "norm1.running_var", "p1", "norm2.bias", "layer3.weight", "layer3.bias"}
    assert "layer1.bias" not in found
    before = found["layer1.weight"].copy()
    trainer.train(1)
    np.testing.assert_array_equal(found["layer1.weight"], before)  # a copy, not a view
