"""Links of TensorFlow Playground: what such a link means here, and the link there of what it can express.

Its links are the state of its page, ``#activation=tanh&batchSize=10&…``; what is missing is at its default. A value it
does not know is ignored there; here a notice says so, and the rest applies.

``<id>_hide=true`` takes a control off the page. `Opened.hide` names ours:

====================  ==================================  ====================  ==================================
theirs                ours                                theirs                ours
====================  ==================================  ====================  ==================================
showTestData          test_data                           problem               task
discretize            discretize                          dataset               dataset
playButton            play                                percTrainData         train_share
stepButton            step                                noise                 noise
resetButton           reset                               batchSize             batch_size
learningRate          learning_rate                       numHiddenLayers       hidden
activation            activation (of the hidden layers)   x, y, xSquared, …     feature:x1, feature:x2, …
regularization        regularizers                        regularizationRate    regularizers.strength
====================  ==================================  ====================  ==================================

An input that is hidden is not given to the network either, whatever the link says of it: so it is there.
"""

import math
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, get_args
from urllib.parse import quote, unquote, urlsplit

from annotated_types import Interval, Len

from app import links
from app.schema import Problem, fields_of, short
from engine.activations import Activation, Linear, ReLU, Sigmoid, Tanh
from engine.component import Component, Text
from engine.datasets import Bumps, Circle, Dataset, Gaussian, Plane, Spiral, Xor
from engine.features import X1, X2, Feature, Product, SinX1, SinX2, X1Squared, X2Squared
from engine.initializers import Uniform, Zeros
from engine.losses import AutomaticLoss, SquaredError, SquaredTanh
from engine.preprocessing import NoPreprocessing
from engine.regularizers import L1, L2, Regularizer
from engine.spec import MAX_DEPTH, MAX_WIDTH, DataSpec, Experiment, HiddenLayer, NetworkSpec
from engine.tf_playground import CLASS_POINTS, VALUE_POINTS

HOST = "playground.tensorflow.org"
ADDRESS = f"https://{HOST}/#"

ACTIVATIONS: dict[str, Activation] = {"relu": ReLU(), "tanh": Tanh(), "sigmoid": Sigmoid(), "linear": Linear()}
REGULARIZATIONS: dict[str, type[L1] | type[L2] | None] = {"none": None, "L1": L1, "L2": L2}
UNIFORM, ZEROS = Uniform(0.5), Zeros()
FIRST_WEIGHTS = {"seed": (NetworkSpec().seed,), "gain": (NetworkSpec().gain,), "initializer": (UNIFORM, ZEROS)}
"""What first weights depend on in a network, with the values that make them TensorFlow Playground's."""
DATASETS: dict[str, Dataset] = {"circle": Circle(), "xor": Xor(), "gauss": Gaussian(), "spiral": Spiral()}
VALUE_DATASETS: dict[str, Dataset] = {"reg-plane": Plane(), "reg-gauss": Bumps()}
PROBLEMS = {"classification": "classes", "regression": "values"}
FEATURES: dict[str, Feature] = {
    "x": X1(),
    "y": X2(),
    "xSquared": X1Squared(),
    "ySquared": X2Squared(),
    "xTimesY": Product(),
    "sinX": SinX1(),
    "sinY": SinX2(),
}
"""The inputs, in the order in which its networks take them."""

HIDE = {
    "showTestData": "test_data",
    "discretize": "discretize",
    "playButton": "play",
    "stepButton": "step",
    "resetButton": "reset",
    "learningRate": "learning_rate",
    "activation": "activation",
    "regularization": "regularizers",
    "regularizationRate": "regularizers.strength",
    "problem": "task",
    "dataset": "dataset",
    "percTrainData": "train_share",
    "noise": "noise",
    "batchSize": "batch_size",
    "numHiddenLayers": "hidden",
    **{name: f"feature:{feature.id}" for name, feature in FEATURES.items()},
}
_HIDDEN = "_hide"

_OTHER_KEYS = ("dataset", "noise", "seed")  # of its keys, those that links of ours have as well
_ONLY_THEIRS = {
    "activation", "regularization", "batchSize", "regDataset", "learningRate", "regularizationRate", "networkShape",
    "showTestData", "discretize", "percTrainData", "problem", "initZero", "hideText", "collectStats", "tutorial",
    "cosX", "cosY", *FEATURES,
}  # fmt: skip
_WITHOUT_EFFECT = ("cosX", "cosY", "collectStats", "tutorial", "hideText")

# What it trains with where nothing else is said.
_WIDTHS = (4, 2)
_BEYOND_NOISE = 50  # what noise above 80 becomes there
_BATCH_MENU = 30
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_MAX_PAIRS = 500
_IN_FRAGMENT = "".join(map(chr, range(0x21, 0x7F))).translate(dict.fromkeys(map(ord, '"<>`')))


@dataclass(frozen=True)
class Opened:
    """A link of theirs, opened: the experiment, what had to be changed or left out, the controls of ours that are to be
    hidden, and what the page shows (``testData``, ``discretize``)."""

    experiment: Experiment
    notices: list[Problem]
    hide: list[str] = field(default_factory=list)
    view: dict[str, bool] = field(default_factory=dict)


def is_tf(link: str) -> bool:
    """Whether a link, or the fragment of one, is TensorFlow Playground's: by its host, or because it has a key that
    only they have and none that says it is ours. In a fragment, behind a #, keys that both have are theirs, as long as
    their values are: a fragment of ours begins with ``v``."""
    if _host(link) == HOST:
        return True
    given = _pairs(link)
    if "v" in given or not given:
        return False
    if any(key in _ONLY_THEIRS or key.endswith(_HIDDEN) for key in given):
        return True
    return "#" in link and set(given) <= set(_OTHER_KEYS) and given.get("dataset", "xor") in DATASETS


def fresh_seed() -> str:
    """What it does where a link has no seed: five decimals at random."""
    return f"{random.random():.5f}"


def decode(link: str, fresh_seed: str) -> Opened:
    """The experiment of a link of theirs; ``fresh_seed`` is for a link without a seed. Never raises."""
    return _Reader(_pairs(link)).read(fresh_seed)


def encode(experiment: Experiment) -> tuple[str | None, list[Problem]]:
    """The link there that gives this experiment's points, weights and curve; None, and everything that stands in the
    way, if there is none. Opened with `decode`, it is the same experiment again, but for speed and for a data seed
    that decides nothing."""
    networks = experiment.seeds * len(experiment.panels)
    if networks > 1:
        return None, [Problem((), "tf_one_network", {"count": networks})]
    wanted = _comparable(experiment)
    data, panel = wanted.data, wanted.panels[0]
    link = ADDRESS + _write(data, panel)
    opened = decode(link, "").experiment
    reasons = []
    if not data.tf_seed:
        reasons.append(Problem((), "tf_not_its_seed", {}))
    elif panel.seed != NetworkSpec().seed:
        reasons.append(Problem((), "tf_reset", {}))
    reasons += [
        Problem((), "tf_not_there", {"setting": label, "value": value})
        for label, value in (
            *_differences(data, opened.data),
            *_differences(replace(panel, seed=NetworkSpec().seed), opened.panels[0]),
        )
    ]
    count = _learning(data.samples, data.train_share * 100)
    if panel.batch_size > count:
        reasons.append(Problem((), "tf_batch", {"value": panel.batch_size, "count": count}))
    return (None, reasons) if reasons else (link, [])


def opened(link: str) -> dict[str, Any]:
    """The answer to a link that has been pasted: the link here, what there is to say, what to hide and to show."""
    found = decode(link, fresh_seed())
    return {
        "link": links.encode(found.experiment),
        "notices": [
            {"code": notice.code, "params": notice.params, "message": notice.message} for notice in found.notices
        ],
        "hide": found.hide,
        "view": found.view,
    }


def exported(experiment: Experiment, lang: str) -> dict[str, Any]:
    """The answer to the wish for a link there: the link, or the reasons why there is none, in one language."""
    link, reasons = encode(experiment)
    return {"link": link, "reasons": [reason.sentence(lang) for reason in reasons]}


# ---- reading ----


def _host(link: str) -> str:
    """The host of an address, written out or not; empty for a mere fragment."""
    address = link.strip().partition("#")[0]
    try:
        return (urlsplit(address if "://" in address else f"//{address}").hostname or "").lower()
    except ValueError:
        return ""


def _pairs(link: str) -> dict[str, str]:
    """What stands behind the ``#`` of a link, or in a bare fragment, as its page reads it: the last of equal keys
    counts, a second ``=`` ends a value. Values are as they stand in the address bar, percent signs and all."""
    text = re.sub(r"[\t\r\n]", "", link).strip()
    before, hash_sign, fragment = text.partition("#")
    if not hash_sign:
        fragment = before.partition("?")[2] if _host(link) == HOST or "://" in before else before
    given = {}
    for pair in fragment.lstrip("?").split("&")[:_MAX_PAIRS]:
        key, equals, value = pair.partition("=")
        if equals and key:
            given[unquote(key)] = quote(value.partition("=")[0], safe=_IN_FRAGMENT, errors="replace")
    return given


def _learning(samples: int, percent: float) -> int:
    """How many points are for training."""
    return math.floor(samples * round(percent, 9) / 100)


class _Reader:
    """Turns the pairs of one link into an experiment, and notes what it cannot use."""

    def __init__(self, given: dict[str, str]) -> None:
        self.given = given
        self.notices: list[Problem] = []

    def read(self, fresh_seed: str) -> Opened:
        hidden = [name for name in HIDE if self.given.get(name + _HIDDEN) == "true"]
        values = self.choice("problem", PROBLEMS, "classes") == "values"
        # Both are read, whichever is used, so that both are checked.
        dataset = self.choice("dataset", DATASETS, Circle())
        value_dataset = self.choice("regDataset", VALUE_DATASETS, Plane())
        samples = VALUE_POINTS if values else CLASS_POINTS
        percent = self.number("percTrainData", 50, *_range(DataSpec, "train_share", 100))
        data = DataSpec(
            dataset=value_dataset if values else dataset,
            noise=self.number("noise", 0, *_range(DataSpec, "noise", 100), beyond=_BEYOND_NOISE) / 100,
            samples=samples,
            train_share=percent / 100,
            tf_seed=self.seed(fresh_seed),
        )
        zero = self.flag("initZero", False)
        activation = self.choice("activation", ACTIVATIONS, Tanh())
        panel = NetworkSpec(
            hidden=tuple(HiddenLayer(width, activation) for width in self.widths()),
            regularizers=self.regularizers(),
            learning_rate=self.number("learningRate", 0.03, *_range(NetworkSpec, "learning_rate")),
            batch_size=self.batch_size(_learning(samples, percent)),
            loss=SquaredError() if values else SquaredTanh(),
            initializer=ZEROS if zero else UNIFORM,
            bias=0.0 if zero else 0.1,
            features=self.features(hidden),
            preprocessing=NoPreprocessing(),
        )
        view = {"testData": self.flag("showTestData", False), "discretize": self.flag("discretize", False)}
        self.look_at_the_rest()
        return Opened(Experiment(data, (panel,)), self.notices, [HIDE[name] for name in hidden], view)

    def say(self, problem: Problem) -> None:
        self.notices.append(problem)

    def value(self, key: str) -> str | None:
        """The value of a key; None where there is none, or a blank."""
        return unquote(self.given.get(key, "")).strip() or None

    def unusable(self, key: str) -> None:
        self.say(Problem((), "tf_unknown_value", {"key": key, "value": self.given[key][:40]}))

    def clamped(self, key: str, value: str, used: float) -> None:
        self.say(Problem((), "tf_clamped", {"key": key, "value": value[:40], "used": _number_text(used)}))

    def choice(self, key: str, choices: dict[str, Any], default: Any) -> Any:
        text = self.value(key)
        if text is not None and text not in choices:
            self.unusable(key)
        return choices.get(text or "", default)

    def flag(self, key: str, default: bool) -> bool:
        text = self.value(key)
        return default if text is None else text != "false"

    def number(self, key: str, default: float, low: float, high: float, beyond: float | None = None) -> float:
        """A number from ``low`` to ``high``; ``beyond`` is used instead of one above, where it is not ``high``."""
        text = self.value(key)
        if text is None:
            return default
        if not _NUMBER.fullmatch(text):
            self.unusable(key)
            return default
        used = min(max(float(text), low), high)
        if beyond is not None and float(text) > high:
            used = beyond
        if used != float(text):
            self.clamped(key, text, used)
        return used

    def seed(self, fresh_seed: str) -> str:
        """The seed, character for character: its page does not decode it."""
        text = self.given.get("seed", "").strip()
        longest = next(
            item.max_length for item in _metadata(DataSpec, "tf_seed") if isinstance(item, Len) and item.max_length
        )
        if len(text) > longest:
            self.say(Problem((), "tf_long_seed", {"maximum": longest}))
        return text[:longest] or fresh_seed

    def widths(self) -> tuple[int, ...]:
        if "networkShape" not in self.given:
            return _WIDTHS
        text = unquote(self.given["networkShape"]).strip()
        entries = [entry.strip() or "0" for entry in text.split(",")] if text else []
        if not all(map(_NUMBER.fullmatch, entries)):
            self.unusable("networkShape")
            return _WIDTHS
        if len(entries) > MAX_DEPTH:
            self.say(Problem((), "tf_layers", {"count": len(entries), "maximum": MAX_DEPTH}))
        widths = []
        for entry in entries[:MAX_DEPTH]:
            widths.append(math.ceil(min(max(float(entry), 1), MAX_WIDTH)))
            if widths[-1] != float(entry):
                self.clamped("networkShape", entry, widths[-1])
        return tuple(widths)

    def regularizers(self) -> tuple[Regularizer, ...]:
        kind = self.choice("regularization", REGULARIZATIONS, None)
        rate = self.number("regularizationRate", 0.0, *_range(L1, "strength"))
        return () if kind is None else (kind(rate),)

    def batch_size(self, count: int) -> int:
        low, high = _range(NetworkSpec, "batch_size")
        asked = self.number("batchSize", 10, low, high)
        size = math.ceil(asked)
        if size != asked:
            self.clamped("batchSize", self.given["batchSize"], size)
        if size > count:
            self.say(Problem((), "tf_batch", {"value": size, "count": count}))
        elif size > _BATCH_MENU:
            self.say(Problem((), "tf_beyond_menu", {"key": "batchSize", "value": size, "maximum": _BATCH_MENU}))
        return size

    def features(self, hidden: Iterable[str]) -> tuple[Feature, ...]:
        chosen = [name for name in FEATURES if self.flag(name, name in ("x", "y")) and name not in hidden]
        if not chosen:
            self.say(Problem((), "tf_no_inputs", {}))
        return tuple(FEATURES[name] for name in chosen or ("x", "y"))

    def look_at_the_rest(self) -> None:
        """Say which keys mean nothing, here or at all."""
        for key in self.given:
            if key in _WITHOUT_EFFECT and self.flag(key, False):
                self.say(Problem((), "tf_no_effect", {"key": key}))
            known = key in _ONLY_THEIRS or key in _OTHER_KEYS or key.removesuffix(_HIDDEN) in HIDE
            if not known:
                self.say(Problem((), "tf_unknown_key", {"key": key[:40]}))


def _metadata(cls: type, name: str) -> tuple[Any, ...]:
    """The annotations of a field."""
    return next(get_args(hint)[1:] for found, hint, _, _ in fields_of(cls) if found == name)


def _range(cls: type, name: str, scale: float = 1) -> tuple[float, float]:
    """The legal range of a field, times ``scale``."""
    interval = next(item for item in _metadata(cls, name) if isinstance(item, Interval))
    return float(interval.ge) * scale, float(interval.le) * scale  # type: ignore[arg-type]


# ---- writing ----


def _comparable(experiment: Experiment) -> Experiment:
    """The experiment without what changes nothing in its curve, and with its automatic loss spelled out."""
    data, panel = replace(experiment.data, seed=DataSpec().seed), experiment.panels[0]
    if data.dataset.task == "values" and isinstance(panel.loss, AutomaticLoss):
        panel = replace(panel, loss=SquaredError())
    return Experiment(data, (panel,))


def _write(data: DataSpec, panel: NetworkSpec) -> str:
    """The state of its page that is nearest to an experiment."""
    regularizer = panel.regularizers[0] if panel.regularizers else None
    penalty = regularizer if isinstance(regularizer, L1 | L2) else None
    values = data.dataset.task == "values"
    state = {
        "activation": _key(ACTIVATIONS, panel.hidden[0].activation if panel.hidden else Tanh()),
        "regularization": "none" if penalty is None else type(penalty).__name__,
        "batchSize": str(panel.batch_size),
        "dataset": _key(DATASETS, data.dataset),
        "regDataset": _key(VALUE_DATASETS, data.dataset),
        "learningRate": _number_text(panel.learning_rate),
        "regularizationRate": _number_text(penalty.strength if penalty else 0),
        "noise": _number_text(round(data.noise * 100, 9)),
        "networkShape": ",".join(str(layer.width) for layer in panel.hidden),
        "seed": data.tf_seed,
        "percTrainData": _number_text(round(data.train_share * 100, 9)),
        **{name: str(feature in panel.features).lower() for name, feature in FEATURES.items()},
        "problem": "regression" if values else "classification",
        "initZero": str(isinstance(panel.initializer, Zeros)).lower(),
    }
    return "&".join(f"{key}={value}" for key, value in state.items())


def _key(choices: dict[str, Any], value: Any) -> str:
    """The key of a value, or the first one."""
    return next((key for key, choice in choices.items() if choice == value), next(iter(choices)))


def _number_text(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _differences(given: Any, other: Any) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Label and value of every setting in which a spec differs from another, in both languages."""
    return [
        (setting.label._asdict(), _shown(getattr(given, name))._asdict())
        for name, _, setting, _ in fields_of(type(given))
        if setting is not None and getattr(given, name) != getattr(other, name)
    ]


def _shown(value: Any) -> Text:
    """A setting's value as a sentence quotes it."""
    if isinstance(value, bool):
        return Text("on", "开") if value else Text("off", "关")
    if isinstance(value, tuple):
        parts = [_shown(item) for item in value] or [Text("none", "无")]
        return Text(", ".join(part.en for part in parts), "、".join(part.zh for part in parts))
    if isinstance(value, HiddenLayer):
        activation, strength = _shown(value.activation), "" if value.strength == 1 else f"*{value.strength}"
        return Text(f"{value.width} {activation.en}{strength}", f"{value.width} {activation.zh}{strength}")
    if isinstance(value, Component):
        own = isinstance(value, Dataset) and value.given  # nobody can read points
        parameters = "" if own else short(value).removeprefix(value.id)[:40]
        return Text(f"{value.label.en}{parameters}", f"{value.label.zh}{parameters}")
    text = _number_text(value) if isinstance(value, float) else str(value)[:40]
    return Text(text, text)
