"""Figures from elsewhere: what PyTorch, SciPy and plain formulas say about every component they know.

The figures are float64 and made by ``tests/figures/make.py``. Whatever id a file holds is looked up in the catalog, so
that more figures need no edit here. Tolerances are 1e-12 unless a comment says why not.
"""

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from engine import CATALOG
from engine.activations import Maxout, PReLU
from engine.losses import Logistic
from engine.optimizers import clip

FOLDER = Path(__file__).parent.parent / "figures"

# Parameters by another name: a schedule's field cannot have the name of its method, and warm-up counts epochs here.
RENAMED = {("step", "factor"): "share", ("exponential", "factor"): "share", ("warm_up", "steps"): "epochs"}


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def arrays(case, *names):
    return [np.array(case[name]) for name in names]


def build(family, component_id, parameters):
    """A component with a figure's parameters; what is a constant of ours (ε) is overruled in a class of its own."""
    cls = CATALOG[family][component_id]
    named = {RENAMED.get((component_id, name), name): value for name, value in parameters.items()}
    settings = {name: value for name, value in named.items() if name in {field.name for field in fields(cls)}}
    constants = {name: value for name, value in named.items() if name not in settings}
    assert all(hasattr(cls, name) for name in constants), constants
    return type(cls.__name__, (cls,), constants)(**settings)


def cases(name, group="cases", keep=lambda case: True):
    return [
        pytest.param(case, id="-".join([case["id"], *(f"{k}={v}" for k, v in case["parameters"].items())]))
        for case in load(name)[group]
        if keep(case)
    ]


def is_tanh_form(case):
    return case["parameters"].get("approximate") == "tanh"


def close(actual, desired, **tolerances):
    np.testing.assert_allclose(actual, desired, **{"rtol": 1e-12, "atol": 1e-12, **tolerances})


# ---- activations ----


@pytest.mark.parametrize("case", cases("activations", keep=lambda case: not is_tanh_form(case)))
def test_activations(case):
    parameters = {name: value for name, value in case["parameters"].items() if name != "approximate"}
    activation, z = build("activations", case["id"], parameters), np.array(load("activations")["z"])
    a = activation.f(z, np.empty_like(z))
    close(a, case["g"], atol=1e-14)
    close(activation.df(z, a, np.empty_like(z)), case["dg"], atol=1e-14)


@pytest.mark.parametrize("case", cases("activations", keep=is_tanh_form))
def test_gelus_tanh_form_is_an_approximation_of_ours(case):
    gelu, z = CATALOG["activations"]["gelu"](), np.array(load("activations")["z"])
    difference = np.abs(gelu.f(z, np.empty_like(z)) - case["g"]).max()
    assert 1e-5 < difference < 5e-4


def test_prelu_of_a_layer():
    case = load("activations")["prelu_layer"]
    z, d = arrays(case, "z", "d")
    prelu, slopes = PReLU(), np.array(case["slope"])[:, np.newaxis]
    a = prelu.f_with(z, slopes, np.empty_like(z))
    close(a, case["a"])
    close(d * prelu.df_with(z, a, slopes, np.empty_like(z)), case["dz"])
    close(prelu.dp_with(z, a, d, slopes, np.empty_like(slopes))[:, 0], case["d_slope"])


@pytest.mark.parametrize("case", load("activations")["maxout"], ids=lambda case: f"pieces={case['pieces']}")
def test_maxout_of_a_layer(case):
    z, a, d, x, weights = arrays(case, "z", "a", "d", "x", "W")
    pieces, units, m = z.shape
    maxout, rows = Maxout(pieces), z.reshape(pieces * units, m)
    close(weights.reshape(pieces * units, -1) @ x + np.ravel(case["b"])[:, np.newaxis], rows)  # piece-major, as ours
    close(maxout.f(rows, np.empty_like(a)), a)
    chosen = maxout.df(rows, a, np.empty_like(rows))
    np.testing.assert_array_equal(chosen.reshape(z.shape).argmax(axis=0), case["winner"])
    dz = chosen * np.tile(d, (pieces, 1))
    close(dz.reshape(z.shape), case["dz"])
    close((dz @ x.T).reshape(weights.shape), case["dW"])
    close(weights.reshape(pieces * units, -1).T @ dz, case["dx"])


# ---- losses ----


@pytest.mark.parametrize("case", cases("losses"))
def test_losses(case):
    loss = build("losses", case["id"], case["parameters"])
    logits, targets = arrays(case, "logits", "targets")
    if "y = 2·target" in case["note"]:  # the figure has 0 and 1, ours −1 and 1
        targets = 2 * targets - 1
    if isinstance(loss, Logistic):  # the figure has 0 and 1, ours −½ and ½
        targets = targets - 0.5
    if "labels" in case:
        np.testing.assert_array_equal(
            loss.targets(np.array(case["labels"]), len(np.unique(case["labels"])), float), targets
        )
    # logits moved by 1e4 have lost four digits before they come to us
    rtol = 1e-9 if "1e4" in case["note"] else 1e-12
    close(loss.loss(logits, targets), case["loss"], rtol=rtol)
    slopes = loss.gradient(logits, targets, np.empty_like(logits)) / logits.shape[1]
    close(slopes, case["gradient"], rtol=rtol)


# ---- optimizers and schedules: 50 updates on one problem ----


def objective(w):
    w0, w1, w2, w3 = w.T
    return (1 - w0) ** 2 + 5 * (w1 - w0**2) ** 2 + (w2 - w1) ** 2 / 2 + 4 * w3**2 + w2 * w3 + 0.1 * w2**2


def gradient(w):
    w0, w1, w2, w3 = w.T
    columns = (
        -2 * (1 - w0) - 20 * w0 * (w1 - w0**2),
        10 * (w1 - w0**2) - (w2 - w1),
        (w2 - w1) + w3 + 0.2 * w2,
        8 * w3 + w2,
    )
    return np.stack(columns, axis=1)


def path(optimizer, rates, disturb=lambda g: g):
    w = np.array([load("optimizers")["problem"]["start"]])
    slots, out, found = np.zeros((optimizer.slot_count(), *w.shape)), np.empty_like(w), [w[0].copy()]
    for t, rate in enumerate(rates, 1):
        optimizer.update(disturb(gradient(w)), w, np.ones(4), np.array(rate), t, slots, out)
        w -= out
        found.append(w[0].copy())
    return np.array(found)


def test_the_problem_is_the_one_of_the_figures():
    problem = load("optimizers")["problem"]
    start = np.array([problem["start"]])
    close(objective(start), problem["f_start"])
    close(gradient(start)[0], problem["gradient_start"])


def clips(case):
    return "max_norm" in case["parameters"]


@pytest.mark.parametrize("case", cases("optimizers", keep=lambda case: not clips(case)))
def test_optimizers(case):
    optimizer = build("optimizers", case["id"], case["parameters"])
    close(path(optimizer, [case["learning_rate"]] * 50), case["path"])


@pytest.mark.parametrize("case", cases("optimizers", keep=clips))
def test_clipping(case):
    optimizer, limit = build("optimizers", case["id"], {}), np.array([[case["parameters"]["max_norm"]]])
    # PyTorch divides by a norm that is larger by 1e-6.
    tolerance = 1e-4 if "norm_epsilon" in case["parameters"] else 1e-12
    found = path(optimizer, [case["learning_rate"]] * 50, lambda g: clip(g, limit))
    close(found, case["path"], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("case", cases("optimizers", "schedules"))
def test_schedules(case):
    parameters, rate = dict(case["parameters"]), case["learning_rate"]
    if "floor" in parameters:
        parameters["floor"] /= rate  # a share of the rate here, a rate there
    schedule = build("schedules", case["id"], parameters)
    rates = [rate * schedule.factor(epoch) for epoch in range(50)]
    close(rates, case["rates"], atol=0)
    close(path(CATALOG["optimizers"]["sgd"](), rates), case["path"])


def test_lbfgs_finds_the_minimum_from_three_starts_at_once():
    case = load("optimizers")["lbfgs"]
    optimizer = CATALOG["optimizers"]["lbfgs"]()
    w = np.array([load("optimizers")["problem"]["start"], [2.0, -3.0, 1.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    slots = np.zeros((optimizer.slot_count(), *w.shape))
    for t in range(1, 101):
        optimizer.search(w, lambda: (objective(w), gradient(w)), slots, t, np.array(1.0))
    # The figure was found with a gradient of 1e-8 left, SciPy's differs from it by 1e-9.
    close(w, np.tile(case["point"], (3, 1)), rtol=0, atol=1e-8)
    close(objective(w), case["loss"])


# ---- initializers ----


@pytest.mark.parametrize("case", cases("initializers"))
def test_initializers(case):
    figures = load("initializers")
    n_in, n_out = figures["fan_in"], figures["fan_out"]
    parameters = dict(case["parameters"])
    assert parameters.pop("cut", 2.0) == 2.0
    initializer = build("initializers", case["id"], parameters)
    close(initializer.variance(n_out, n_in), case["variance"])
    w = initializer.draw(n_out, n_in, np.random.default_rng(1))
    # Random numbers cannot agree: four standard errors of a draw are allowed, and 1e-15 for rounding
    error = 4 * case["one_draw_error"] + 1e-15
    assert abs((w**2).mean() - case["variance"]) <= error
    assert abs((w**2).mean() - case["measured_variance"]) <= error + 4 * case["measured_error"]
    assert (w == 0).mean() == case["zeros_share"]
    if case["bound"] is not None:
        assert np.abs(w).max() <= case["bound"]
        assert case["bound"] == 0 or np.abs(w).max() > 0.99 * case["bound"]
    if "nonzero_per_unit" in case:
        assert (np.count_nonzero(w, axis=1) == case["nonzero_per_unit"]).all()
    for shape in case.get("gram", []):
        w = initializer.draw(*shape["shape"], np.random.default_rng(1))
        close(w @ w.T if shape["identity"] == "W Wᵀ" else w.T @ w, np.eye(100))
