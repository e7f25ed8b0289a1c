"""Whole networks against PyTorch and scikit-learn: logits, loss, penalty, gradients, and every step of a training
run."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine import CATALOG, Data, HiddenLayer, NetworkSpec, Trainer
from engine.preprocessing import NoPreprocessing
from engine.regularizers import L2

FIGURES = Path(__file__).resolve().parents[1] / "figures"
TORCH = json.loads((FIGURES / "network.json").read_text("utf-8"))
SKLEARN = json.loads((FIGURES / "sklearn_mlp.json").read_text("utf-8"))


def trainer_of(x, labels, weights, case, **settings):
    """A trainer whose one network begins with the weights of a figure; every update sees all points, as they are."""
    x, labels, n = np.array(x), np.array(labels), len(labels)
    # One point more, as test part, which a trainer cannot do without.
    data = Data(np.hstack([x, x[:, :1]]), np.append(labels, labels[0]), n, int(labels.max()) + 1, seed=1)
    activation = CATALOG["activations"][case["activation"]]()
    spec = NetworkSpec(
        hidden=tuple(HiddenLayer(len(layer), activation) for layer in weights[:-1]),
        loss=CATALOG["losses"][case["loss_id"]](),
        regularizers=(L2(strength=case["l2"]),) if case["l2"] else (),
        preprocessing=NoPreprocessing(),
        batch_size=2000,
        **settings,
    )
    trainer = Trainer(data, spec, dtype=np.float64)
    for view, layer in zip(trainer.network.weights, weights, strict=True):
        view[0] = layer
    return trainer


def loss_and_objective(trainer):
    metrics = trainer.evaluate()
    return metrics.train_loss[0], metrics.train_loss[0] + metrics.penalty[0]


@pytest.mark.parametrize("case", TORCH["cases"], ids=lambda case: case["id"])
def test_logits_loss_penalty_and_gradients_equal_pytorch(case):
    trainer = trainer_of(TORCH["x"], case["labels"], case["weights"], case, learning_rate=1.0)
    np.testing.assert_allclose(trainer.logits(trainer.x[:, trainer.train_part])[0], case["logits"], rtol=1e-12)
    loss, objective = loss_and_objective(trainer)
    assert loss == pytest.approx(case["loss"], rel=1e-12)
    assert objective - loss == pytest.approx(case["penalty"], rel=1e-12)
    trainer.step()  # SGD at η = 1: the update is the gradient of L + R
    for view, gradient in zip(trainer.network.views("weights", trainer.update), case["gradients"], strict=True):
        np.testing.assert_allclose(view[0], gradient, rtol=1e-11, atol=1e-14)


RUNS = [
    pytest.param(case, run, id=f"{case['id']}-{run['optimizer']}") for case in TORCH["cases"] for run in case["runs"]
]


@pytest.mark.parametrize(("case", "run"), RUNS)
def test_runs_equal_pytorch(case, run):
    optimizer = CATALOG["optimizers"][run["optimizer"]]()
    trainer = trainer_of(
        TORCH["x"], case["labels"], case["weights"], case, optimizer=optimizer, learning_rate=run["learning_rate"]
    )
    assert len(run["losses"]) == run["steps"] + 1
    for step, (loss, objective) in enumerate(zip(run["losses"], run["objectives"], strict=True)):
        np.testing.assert_allclose(loss_and_objective(trainer), (loss, objective), rtol=1e-10, err_msg=str(step))
        if step < run["steps"]:
            trainer.train(1)
    assert trainer.steps == run["steps"]
    for view, layer in zip(trainer.network.weights, run["weights"], strict=True):
        np.testing.assert_allclose(view[0], layer, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("case", SKLEARN["cases"], ids=lambda case: case["id"])
def test_runs_equal_scikit_learn(case):
    """But for where ε stands in Adam: as near as PyTorch is to scikit-learn."""
    trainer = trainer_of(
        SKLEARN["x"],
        SKLEARN["labels"][str(case["classes"])],
        case["start"],
        case,
        optimizer=CATALOG["optimizers"][case["optimizer"]](),
        learning_rate=case["learning_rate"],
    )
    near = case["torch_difference"]
    for expected in case["loss_curve"]:
        assert loss_and_objective(trainer)[1] == pytest.approx(expected, rel=1e-10, abs=1.1 * near["losses"] + 1e-12)
        trainer.train(1)
    for view, layer in zip(trainer.network.weights, case["weights"], strict=True):
        np.testing.assert_allclose(view[0], layer, rtol=1e-9, atol=1.1 * near["weights"] + 1e-11)
