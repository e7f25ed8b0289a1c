"""Combinations that make no sense are refused with a reason in both languages and the field to change; all others
pass."""

from dataclasses import replace

import numpy as np
import pytest

from engine import CATALOG, DataSpec, HiddenLayer, NetworkSpec, Trainer, draw
from engine.checks import FEWEST_VALIDATION_POINTS, refuse
from engine.component import Refused
from engine.datasets import Arms
from engine.regularizers import L1, L2, EarlyStopping, Regularizer

OPTIMIZERS = [cls() for cls in CATALOG["optimizers"].values()]
REGULARIZERS = [cls() for cls in CATALOG["regularizers"].values()]
SEARCHING = [optimizer for optimizer in OPTIMIZERS if optimizer.line_search]
STEPPING = [optimizer for optimizer in OPTIMIZERS if not optimizer.line_search]


def refusal(data, *specs):
    """How it is refused, by the check as by the trainer."""
    with pytest.raises(Refused) as checked:
        refuse(specs[-1], draw(data) if isinstance(data, DataSpec) else data)
    with pytest.raises(Refused) as caught:
        Trainer(data, *specs)
    assert caught.value.field == checked.value.field and caught.value.reason == checked.value.reason
    field, reason = caught.value.field, caught.value.reason
    assert field in NetworkSpec.__dataclass_fields__
    assert str(caught.value).startswith(f"{field}: ")
    assert reason.en.strip().endswith(".") and reason.zh.strip().endswith("。")
    assert any("一" <= character <= "鿿" for character in reason.zh)
    assert reason.en.isascii() or "—" not in reason.en
    return field, reason


def test_every_loss_names_the_classes_it_takes(default_loss):
    low, high = default_loss.classes
    spec = NetworkSpec(loss=default_loss)
    for classes in range(1, 7):
        data = draw(DataSpec(dataset=Arms(classes=max(classes, 2)), samples=60))
        if classes == 1:
            data = replace(data, labels=np.zeros_like(data.labels), classes=1)
        if low <= classes <= high:
            refuse(spec, data)
            continue
        field, reason = refusal(data, spec)
        assert field == "loss"
        for text, label in ((reason.en, default_loss.label.en), (reason.zh, default_loss.label.zh)):
            assert label in text and str(classes) in text and str(high) in text
        ranges = (f"{low} to {high} classes", f"支持 {low} 至 {high} 类")
        exactly = (f"exactly {low} classes", f"只支持 {low} 类")
        for text, words in zip(reason, ranges if low < high else exactly, strict=True):
            assert words in text


def moves_the_objective(regularizer):
    return regularizer.random or regularizer.proximal or type(regularizer).project is not Regularizer.project


def test_clipping_and_a_line_search_are_refused(few):
    for optimizer in OPTIMIZERS:
        if optimizer.line_search:
            field, reason = refusal(few, NetworkSpec(optimizer=optimizer, clip_norm=0.1))
            assert field == "clip_norm" and optimizer.label.en in reason.en and optimizer.label.zh in reason.zh


def test_batch_normalization_of_single_points_is_refused():
    data = DataSpec(samples=500, train_share=0.5)
    assert refusal(data, NetworkSpec(batch_norm=True, batch_size=1))[0] == "batch_size"
    refuse(NetworkSpec(batch_norm=True, batch_size=2), draw(data))


@pytest.mark.parametrize("batch_size", [83, 249, 250, 5])
def test_with_batch_normalization_a_last_point_alone_joins_the_batch_before(batch_size):
    """250 training points: 83 and 249 would leave one over."""
    alone = 250 % batch_size == 1
    trainer = Trainer(DataSpec(samples=500, train_share=0.5), NetworkSpec(batch_norm=True, batch_size=batch_size))
    assert min(x.shape[1] for x, *_ in trainer._plan) > 1
    assert len(trainer._plan) == -(-250 // batch_size) - alone
    assert sum(x.shape[1] for x, *_ in trainer._plan) == 250
    trainer.train(2)
    assert trainer.finite.all() and trainer.position == 2


def test_a_line_search_wants_an_objective_that_stands_still(default_regularizer, few):
    for optimizer in OPTIMIZERS:
        spec = NetworkSpec(optimizer=optimizer, regularizers=(L2(), default_regularizer)[default_regularizer == L2() :])
        if optimizer.line_search and moves_the_objective(default_regularizer):
            field, reason = refusal(few, spec)
            assert field == "optimizer"
            assert optimizer.label.en in reason.en and default_regularizer.label.en in reason.en
            assert optimizer.label.zh in reason.zh and default_regularizer.label.zh in reason.zh
        else:
            Trainer(few, spec).train(2)


def test_two_forms_of_the_same_method_are_refused(few):
    forms = [regularizer for regularizer in REGULARIZERS if regularizer.exclusive]
    assert len(forms) >= 2
    for first in forms:
        for second in forms:
            if first is not second:
                field, reason = refusal(few, NetworkSpec(regularizers=(L2(), first, second)))
                assert field == "regularizers"
                assert all(form.label.en in reason.en and form.label.zh in reason.zh for form in (first, second))


def test_the_same_twice_is_refused(default_regularizer, few):
    cls = type(default_regularizer)
    number = next(name for name in cls.__dataclass_fields__)
    other = replace(default_regularizer, **{number: getattr(default_regularizer, number) / 2 or 1})
    field, _ = refusal(few, NetworkSpec(regularizers=(default_regularizer, other)))
    assert field == "regularizers"
    assert refusal(few, NetworkSpec(regularizers=(L1(), default_regularizer, default_regularizer)[-3:]))[0] == field


def test_batch_normalization_wants_more_than_one_point_a_batch(default_optimizer, few):
    spec = NetworkSpec(batch_norm=True, batch_size=1, optimizer=default_optimizer)
    if default_optimizer.full_batch:
        Trainer(few, spec).train(1)
    else:
        assert refusal(few, spec)[0] == "batch_size"
    Trainer(few, replace(spec, batch_size=2)).train(1)
    Trainer(few, replace(spec, batch_norm=False)).train(1)


def test_early_stopping_wants_points_to_watch():
    spec = NetworkSpec(regularizers=(EarlyStopping(),))
    allowed = []
    for samples in range(20, 60, 2):
        data = DataSpec(samples=samples)
        held_out = round(draw(data).n_train * 0.2)
        if held_out < FEWEST_VALIDATION_POINTS:
            field, reason = refusal(data, spec)
            assert field == "regularizers" and str(held_out) in reason.en and str(held_out) in reason.zh
        else:
            trainer = Trainer(data, spec)
            assert trainer.data.n_train - trainer.n_train == held_out >= FEWEST_VALIDATION_POINTS
            allowed.append(samples)
    assert allowed and allowed[0] > 20


def test_any_network_of_a_population_is_looked_at(few):
    spec = NetworkSpec(learning_rate=0.1)
    bad = replace(spec, regularizers=(L1(), L1(0.1)))
    with pytest.raises(Refused):
        Trainer(few, spec, bad)


def test_legal_combinations_pass_and_train(default_optimizer, default_regularizer, few):
    """Every optimizer with every regularizer, alone and beside L2, with every kind of layer."""
    if default_optimizer.line_search and moves_the_objective(default_regularizer):
        return
    clip = 0.0 if default_optimizer.line_search else 1.0
    beside = () if default_regularizer.id == "l2" else (L2(),)
    for settings in ({}, {"batch_norm": True, "residual": True, "clip_norm": clip, "frozen": 1, "bootstrap": True}):
        spec = NetworkSpec(
            hidden=(HiddenLayer(4),) * 2,
            optimizer=default_optimizer,
            regularizers=(*beside, default_regularizer),
            **settings,
        )
        trainer = Trainer(few, spec)
        trainer.train(1)
        assert trainer.finite.all()


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        ({"samples": 60}, {"bootstrap": True}),
        ({"samples": 60}, {"regularizers": (EarlyStopping(),)}),
        ({"samples": 60, "validation_share": 0.2}, {}),
        ({"samples": 20}, {"folds": 8}),
    ],
    ids=str,
)
def test_folds_that_cannot_be_are_refused(data, settings):
    """What else holds points out, and fewer than two points a fold."""
    assert refusal(DataSpec(**data), NetworkSpec(**{"folds": 4, **settings}))[0] == "folds"
    refuse(NetworkSpec(folds=4), draw(DataSpec(samples=20)))
