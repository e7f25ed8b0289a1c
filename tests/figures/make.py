"""Makes the JSON files beside it: figures that the engine must reproduce, from implementations that are not ours.

Run by hand, never by the tests; the files are data. PyTorch 2.13.0 (CPU build), scikit-learn 1.9.1, NumPy 2.4.6,
SciPy 1.17.1, Python 3.11, one thread, float64 everywhere:

    python3 -m venv /tmp/figenv
    /tmp/figenv/bin/pip install torch==2.13.0 scikit-learn==1.9.1 numpy==2.4.6
    /tmp/figenv/bin/python tests/figures/make.py

It imports nothing from the engine, so that no figure can inherit a mistake of ours. Conventions are the engine's:
units in rows, samples in columns; a layer's weights are ``[W b]`` of shape ``(n_out, n_in + 1)``, bias last. Where a
library's convention differs (a factor, an epsilon, a start value), the file's ``about`` or the case's ``note`` says so.
Every case has ``call``, the call that made it; "numpy" there means a formula written out in this file, because no
library has it.
"""

import itertools
import json
import math
import platform
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import scipy.optimize
import sklearn
import torch
from sklearn.neural_network import MLPClassifier
from torch.nn import functional as F

HERE = Path(__file__).parent
VERSIONS = {
    "torch": torch.__version__,
    "scikit-learn": sklearn.__version__,
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "python": platform.python_version(),
}

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def tensor(values: Any, grad: bool = False) -> torch.Tensor:
    return torch.tensor(np.asarray(values, np.float64)).requires_grad_(grad)


def plain(value: Any) -> Any:
    """Tensors and arrays as nested lists, recursively; raises ValueError on a number that is not finite."""
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"not finite: {value}")
    return value


def layout(value: Any, indent: int = 0) -> str:
    """JSON with one row of numbers a line. Floats are written by repr, so nothing is lost."""
    pad = " " * (indent + 1)
    if isinstance(value, dict) and value:
        rows = [f"{pad}{json.dumps(key)}: {layout(item, indent + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + "\n" + " " * indent + "}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(pad + layout(item, indent + 1) for item in value) + "\n" + " " * indent + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def write(name: str, about: list[str], content: dict[str, Any]) -> None:
    path = HERE / f"{name}.json"
    text = layout(plain({"about": about, "versions": VERSIONS, **content})) + "\n"
    json.loads(text)
    path.write_text(text, "utf-8")
    if len(text.encode()) >= 200_000:
        raise ValueError(f"{path.name}: {len(text.encode())} bytes")
    print(f"{path.name:22s} {len(text.encode()):7d} bytes")


def biggest(difference: Any) -> float:
    return float(np.abs(np.asarray(difference)).max())


# ---- activations ----


def activations() -> None:
    z = np.array([-30.0, *np.round(np.linspace(-3.91, 3.77, 25), 3).tolist(), 30.0])
    kinks = np.array([-1.0, 0.0, 1.0])
    assert np.abs(z[:, np.newaxis] - kinks).min() > 0.02

    table: list[tuple[str, dict[str, Any], str, Callable[[torch.Tensor], torch.Tensor]]] = [
        ("linear", {}, "torch.nn.Identity", lambda t: t * 1),
        ("sigmoid", {}, "torch.sigmoid", torch.sigmoid),
        ("tanh", {}, "torch.tanh", torch.tanh),
        ("relu", {}, "F.relu", F.relu),
        *(
            ("leaky_relu", {"slope": s}, "F.leaky_relu(z, slope)", lambda t, s=s: F.leaky_relu(t, s))
            for s in (0.01, 0.2)
        ),
        *(("prelu", {"slope": s}, "F.prelu(z, slope)", lambda t, s=s: F.prelu(t, tensor([s]))) for s in (0.25, 0.05)),
        ("abs", {}, "torch.abs", torch.abs),
        (
            "softplus",
            {},
            "F.softplus(z, threshold=50): the default threshold 20 would return z itself above 20",
            lambda t: F.softplus(t, threshold=50),
        ),
        ("hard_tanh", {}, "F.hardtanh", F.hardtanh),
        ("rbf", {}, "torch.exp(-z**2)", lambda t: torch.exp(-(t**2))),
        ("cos", {}, "torch.cos", torch.cos),
        *(("elu", {"alpha": s}, "F.elu(z, alpha)", lambda t, s=s: F.elu(t, s)) for s in (1.0, 0.5)),
        ("selu", {}, "F.selu", F.selu),
        *(
            ("gelu", {"approximate": s}, f"F.gelu(z, approximate='{s}')", lambda t, s=s: F.gelu(t, approximate=s))
            for s in ("none", "tanh")
        ),
        ("silu", {}, "F.silu", F.silu),
        ("mish", {}, "F.mish", F.mish),
    ]
    cases = []
    for name, parameters, call, g in table:
        t = tensor(z, grad=True)
        a = g(t)
        (derivative,) = torch.autograd.grad(a.sum(), t)
        cases.append({"id": name, "parameters": parameters, "call": call, "g": a, "dg": derivative})

    rng = np.random.default_rng(1)
    prelu_z, prelu_d = np.round(rng.normal(size=(2, 3, 6)), 3)
    assert np.abs(prelu_z).min() > 0.01
    slopes = [0.25, 0.25, 0.1]
    t, slope = tensor(prelu_z, grad=True), tensor(slopes, grad=True)
    a = F.prelu(t.T, slope).T  # torch wants (samples, units)
    dz, d_slope = torch.autograd.grad(a, [t, slope], tensor(prelu_d))
    prelu = {"call": "F.prelu", "slope": slopes, "z": prelu_z, "a": a, "d": prelu_d, "dz": dz, "d_slope": d_slope}

    maxout = []
    for pieces in (2, 3):
        w, b = np.round(rng.normal(size=(pieces, 2, 3)), 3), np.round(rng.normal(size=(pieces, 2)), 3)
        x, d = np.round(rng.normal(size=(3, 5)), 3), np.round(rng.normal(size=(2, 5)), 3)
        tw, tb, tx = tensor(w, grad=True), tensor(b, grad=True), tensor(x, grad=True)
        tz = torch.einsum("koi,im->kom", tw, tx) + tb[:, :, None]
        tz.retain_grad()
        a = tz.amax(dim=0)
        top = torch.sort(tz.detach(), dim=0).values
        assert (top[-1] - top[-2]).min() > 0.01, "a tie"
        a.backward(tensor(d))
        maxout.append(
            {
                "call": "torch.einsum, then amax over the pieces",
                "pieces": pieces,
                "W": w,
                "b": b,
                "x": x,
                "z": tz,
                "a": a,
                "winner": tz.argmax(dim=0),
                "d": d,
                "dz": tz.grad,
                "dW": tw.grad,
                "db": tb.grad,
                "dx": tx.grad,
            }
        )
    about = [
        "g(z) and its derivative dg(z) by autograd on the grid z, which stays away from the kinks -1, 0 and 1.",
        "Compare with an absolute tolerance (1e-14): torch rounds the far tails (gelu, mish at -30) its own way.",
        "gelu: approximate 'none' is the exact z Φ(z) by erf, 'tanh' the approximation. selu: scale",
        "1.0507009873554805, alpha 1.6732632423543772. rbf is exp(-z²). prelu_layer: z, a (3 units, 6 samples), one",
        "slope a unit; d is dL/da, dz and d_slope follow (summed over m). maxout: W (pieces, n_out, n_in), b (pieces,",
        "n_out), x (n_in, m), z (pieces, n_out, m), a = max over pieces (n_out, m); winner is the index of the",
        "largest piece; d is dL/da; dz, dW, db and dx follow, summed over m.",
    ]
    write("activations", about, {"z": z, "cases": cases, "prelu_layer": prelu, "maxout": maxout})


# ---- losses ----


def losses() -> None:
    rng = np.random.default_rng(2)
    logits = np.round(rng.normal(scale=1.5, size=(4, 6)), 3)
    labels = np.array([0, 1, 2, 3, 1, 2])
    one_hot = np.eye(4)[:, labels]
    margins = 1 + logits - logits[labels, np.arange(6)]
    assert np.abs(margins[one_hot == 0]).min() > 1e-2, "a kink"
    one, one_labels = np.round(rng.normal(scale=2, size=(1, 6)), 3), np.array([0, 1, 1, 0, 1, 0])
    attributes, yes = np.round(rng.normal(scale=1.5, size=(3, 6)), 3), rng.integers(0, 2, (3, 6))
    assert np.abs(1 - np.abs(attributes)).min() > 1e-2, "a kink"
    y_hat1, y1 = np.round(rng.normal(scale=1.5, size=(2, 1, 6)), 3)
    y_hat2, y2 = np.round(rng.normal(scale=1.5, size=(2, 2, 6)), 3)
    for r in (y_hat1 - y1, y_hat2 - y2):
        assert min(np.abs(np.abs(r) - kink).min() for kink in (0.0, 0.5, 1.0)) > 1e-3, "a kink"
    m = 6
    cases: list[dict[str, Any]] = []

    def case(
        name: str,
        call: str,
        loss: Callable[[torch.Tensor], torch.Tensor],
        f: np.ndarray,
        targets: np.ndarray,
        labels: np.ndarray | None = None,
        parameters: dict[str, Any] | None = None,
        note: str = "",
    ) -> None:
        t = tensor(f, grad=True)
        value = loss(t)
        (gradient,) = torch.autograd.grad(value, t)
        entry: dict[str, Any] = {"id": name, "parameters": parameters or {}, "call": call, "note": note, "logits": f}
        entry |= {} if labels is None else {"labels": labels}
        cases.append(entry | {"targets": targets.astype(float), "loss": value, "gradient": gradient})

    def cross_entropy(t: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(t.T, torch.tensor(labels))

    ce = "F.cross_entropy(logits.T, labels)"
    case("softmax_cross_entropy", ce, cross_entropy, logits, one_hot, labels)
    case("softmax_cross_entropy", ce, cross_entropy, logits * 400, one_hot, labels, note="huge logits: no overflow")
    case("softmax_cross_entropy", ce, cross_entropy, logits + 1e4, one_hot, labels, note="logits moved by 1e4")

    def bce(t: torch.Tensor) -> torch.Tensor:
        return F.binary_cross_entropy_with_logits(t, tensor(one_labels[np.newaxis]))

    call = "F.binary_cross_entropy_with_logits"
    case("logistic", call, bce, one, one_labels[np.newaxis], one_labels)
    case("logistic", call, bce, one * 400, one_labels[np.newaxis], one_labels, note="huge logits: no overflow")

    for name, p in (("multiclass_hinge", 1), ("squared_hinge", 2)):
        case(
            name,
            f"F.multi_margin_loss(logits.T, labels, p={p}, margin=1) * C",
            lambda t, p=p: F.multi_margin_loss(t.T, torch.tensor(labels), p=p) * len(t),
            logits,
            one_hot,
            labels,
            note="torch divides by the number of classes C = 4; here Σ_{j≠y} is not divided",
        )

    for f, y in ((y_hat1, y1), (y_hat2, y2)):
        note = f"{len(f)} output{'s, summed' * (len(f) > 1)}"
        ty = tensor(y)
        case(
            "squared_error",
            "0.5 * F.mse_loss(reduction='sum') / m",
            lambda t, y=ty: 0.5 * F.mse_loss(t, y, reduction="sum") / m,
            f,
            y,
            note=f"{note}; torch has no factor ½",
        )
        case(
            "absolute_error",
            "F.l1_loss(reduction='sum') / m",
            lambda t, y=ty: F.l1_loss(t, y, reduction="sum") / m,
            f,
            y,
            note=note,
        )
        for delta in (1.0, 0.5):
            case(
                "huber",
                "F.huber_loss(reduction='sum', delta=delta) / m",
                lambda t, y=ty, delta=delta: F.huber_loss(t, y, reduction="sum", delta=delta) / m,
                f,
                y,
                parameters={"delta": delta},
                note=f"{note}; ½r² within delta, delta(|r| − ½delta) outside (smooth_l1_loss is this over delta)",
            )

    sign = tensor(2.0 * yes - 1)
    case(
        "attribute_hinge",
        "F.hinge_embedding_loss(y * f, -1, margin=1, reduction='sum') / m, with y in {-1, 1}",
        lambda t: F.hinge_embedding_loss(sign * t, -torch.ones_like(t), margin=1.0, reduction="sum") / m,
        attributes,
        yes,
        note="targets in {0, 1}, y = 2·target − 1; max(0, 1 − y f) summed over the 3 attributes",
    )
    case(
        "attribute_logistic",
        "F.binary_cross_entropy_with_logits(reduction='sum') / m",
        lambda t: F.binary_cross_entropy_with_logits(t, tensor(yes), reduction="sum") / m,
        attributes,
        yes,
        note="targets in {0, 1}; ln(1 + e^{−y f}) summed over the 3 attributes (= F.soft_margin_loss, sum)",
    )
    soft = F.soft_margin_loss(tensor(attributes), sign, reduction="sum") / m
    assert abs(float(soft - cases[-1]["loss"].detach())) < 1e-14

    t1 = 2.0 * one_labels[np.newaxis] - 1
    case(
        "squared_tanh",
        "0.5 * F.mse_loss(tanh(logits), t, reduction='sum') / m",
        lambda t: 0.5 * F.mse_loss(torch.tanh(t), tensor(t1), reduction="sum") / m,
        one,
        t1,
        one_labels,
    )

    # The way to each of the five classes of (((0, 1), 2), (3, 4)): (fork, whether right). Forks in order of reading.
    ways = [[(0, 0), (1, 0), (2, 0)], [(0, 0), (1, 0), (2, 1)], [(0, 0), (1, 1)], [(0, 1), (3, 0)], [(0, 1), (3, 1)]]
    leaves = np.array([0, 1, 2, 3, 4, 1])
    turned = np.zeros((4, 6))
    for sample, leaf in enumerate(leaves):
        for fork, right in ways[leaf]:
            turned[fork, sample] = 2 * right - 1

    def along_the_way(t: torch.Tensor) -> torch.Tensor:
        logits_and_turns = ((t[fork, i], float(right)) for i, leaf in enumerate(leaves) for fork, right in ways[leaf])
        return sum(F.binary_cross_entropy_with_logits(z, tensor(right)) for z, right in logits_and_turns) / m

    case(
        "hierarchical_softmax",
        "F.binary_cross_entropy_with_logits at every fork on the way to the class, summed",
        along_the_way,
        np.round(rng.normal(scale=2, size=(4, 6)), 3),
        turned,
        leaves,
        note="the tree (((0, 1), 2), (3, 4)); targets 1 right, −1 left, 0 for forks that are not on the way",
    )
    about = [
        "loss is the mean over the m = 6 samples of the loss summed over the outputs; gradient is that of this mean.",
        "(The engine's Loss.gradient is that of the sum: m times this one.) For the mean over attributes or outputs",
        "as well, divide loss and gradient by the number of rows of logits. logits and targets are (n_out, m). labels",
        "(m,) are class numbers; targets are what the loss compares with: one-hot columns, 0/1, or real numbers. No",
        "sample lies on a kink.",
    ]
    write("losses", about, {"cases": cases})


# ---- optimizers ----

START = [-1.2, 1.0, 0.8, -0.5]
STEPS = 50


def objective(w: Any) -> Any:
    return (
        (1 - w[0]) ** 2
        + 5 * (w[1] - w[0] ** 2) ** 2
        + 0.5 * (w[2] - w[1]) ** 2
        + 4 * w[3] ** 2
        + w[2] * w[3]
        + 0.1 * w[2] ** 2
    )


def slope(w: np.ndarray) -> np.ndarray:
    """The gradient of `objective` by hand, for the rules that torch does not have."""
    valley, apart = w[1] - w[0] ** 2, w[2] - w[1]
    return np.array(
        [-2 * (1 - w[0]) - 20 * w[0] * valley, 10 * valley - apart, apart + w[3] + 0.2 * w[2], 8 * w[3] + w[2]]
    )


def run_torch(
    make: Callable[[list[torch.Tensor]], torch.optim.Optimizer],
    max_norm: float | None = None,
    zero_buffer: bool = False,
    schedule: Callable[[torch.optim.Optimizer], Any] | None = None,
) -> tuple[np.ndarray, list[float]]:
    """The path ``(STEPS + 1, 4)`` of a torch optimizer, and the learning rate of every step."""
    w = tensor(START, grad=True)
    optimizer = make([w])
    scheduler = schedule(optimizer) if schedule else None
    if zero_buffer:
        optimizer.state[w]["momentum_buffer"] = torch.zeros_like(w)
    path, rates = [w.detach().numpy().copy()], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        objective(w).backward()
        if max_norm is not None:
            torch.nn.utils.clip_grad_norm_([w], max_norm)
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if scheduler:
            scheduler.step()
        path.append(w.detach().numpy().copy())
    return np.array(path), rates


def run_numpy(update: Callable[[np.ndarray, int], np.ndarray]) -> np.ndarray:
    path = [np.array(START)]
    for t in range(1, STEPS + 1):
        path.append(path[-1] - update(slope(path[-1]), t))
    return np.array(path)


def numpy_adam(rate: float, beta1: float, beta2: float, correct: bool) -> np.ndarray:
    m, v = np.zeros(4), np.zeros(4)

    def update(g: np.ndarray, t: int) -> np.ndarray:
        m[:] = beta1 * m + (1 - beta1) * g
        v[:] = beta2 * v + (1 - beta2) * g * g
        m_hat, v_hat = (m / (1 - beta1**t), v / (1 - beta2**t)) if correct else (m, v)
        return rate * m_hat / (np.sqrt(v_hat) + 1e-8)

    return run_numpy(update)


def numpy_average(rate: float, beta: float) -> np.ndarray:
    v = np.zeros(4)

    def update(g: np.ndarray, t: int) -> np.ndarray:
        v[:] = beta * v + (1 - beta) * g
        return rate * v

    return run_numpy(update)


def numpy_clip(rate: float, max_norm: float) -> np.ndarray:
    return run_numpy(lambda g, t: rate * g * min(1.0, max_norm / float(np.sqrt(np.sum(g * g)))))


def optimizers() -> None:
    opt = torch.optim
    cases: list[dict[str, Any]] = []

    def case(name: str, rate: float, parameters: dict[str, Any], call: str, path: np.ndarray, note: str = "") -> None:
        cases.append(
            {"id": name, "learning_rate": rate, "parameters": parameters, "call": call, "note": note, "path": path}
        )

    case("sgd", 0.01, {}, "torch.optim.SGD", run_torch(lambda p: opt.SGD(p, 0.01))[0])
    for beta in (0.9, 0.5):
        case(
            "classical_momentum",
            0.01,
            {"beta": beta},
            "torch.optim.SGD(momentum=beta)",
            run_torch(lambda p, b=beta: opt.SGD(p, 0.01, momentum=b))[0],
            "v ← βv + g, w ← w − ηv",
        )
        case(
            "nesterov",
            0.01,
            {"beta": beta},
            "torch.optim.SGD(momentum=beta, nesterov=True)",
            run_torch(lambda p, b=beta: opt.SGD(p, 0.01, momentum=b, nesterov=True))[0],
            "v ← βv + g, w ← w − η(g + βv): torch's form, the gradient is taken at w itself",
        )
    shown = {}
    for beta, rate in ((0.9, 0.1), (0.5, 0.02)):

        def make(p: list[torch.Tensor], beta: float = beta, rate: float = rate) -> torch.optim.Optimizer:
            return opt.SGD(p, rate, momentum=beta, dampening=beta)

        path, bare = run_torch(make, zero_buffer=True)[0], run_torch(make)[0]
        case(
            "momentum",
            rate,
            {"beta": beta},
            "torch.optim.SGD(momentum=beta, dampening=beta), its buffer set to zeros before the first step",
            path,
            "v ← βv + (1−β)g from v = 0. Left alone, torch starts the buffer at the undamped first gradient",
        )
        shown[f"beta {beta}"] = {
            "zero_buffer_against_numpy": biggest(path - numpy_average(rate, beta)),
            "first_update_of_bare_torch_over_ours": float(np.mean((bare[1] - bare[0]) / (path[1] - path[0]))),
            "bare_torch_against_numpy": biggest(bare - numpy_average(rate, beta)),
        }
        assert shown[f"beta {beta}"]["zero_buffer_against_numpy"] < 1e-13
    for epsilon in (1e-10, 1e-8):
        path = run_torch(lambda p, e=epsilon: opt.Adagrad(p, 0.1, eps=e))[0]
        case("adagrad", 0.1, {"epsilon": epsilon}, "torch.optim.Adagrad(eps=epsilon)", path, "w ← w − ηg/(√Σg² + ε)")
    for alpha in (0.99, 0.9):
        case(
            "rmsprop",
            0.01,
            {"beta": alpha, "epsilon": 1e-8},
            "torch.optim.RMSprop(alpha=beta, eps=epsilon)",
            run_torch(lambda p, a=alpha: opt.RMSprop(p, 0.01, alpha=a, eps=1e-8))[0],
            "v ← βv + (1−β)g² from 0, w ← w − ηg/(√v + ε), no correction; torch calls β alpha",
        )
    for beta1, beta2 in ((0.9, 0.999), (0.8, 0.95)):
        parameters = {"beta1": beta1, "beta2": beta2, "epsilon": 1e-8}
        path = run_torch(lambda p, b=(beta1, beta2): opt.Adam(p, 0.05, betas=b))[0]
        assert biggest(path - numpy_adam(0.05, beta1, beta2, True)) < 1e-12
        case("adam", 0.05, {**parameters, "bias_correction": True}, "torch.optim.Adam", path)
        case(
            "adam",
            0.05,
            {**parameters, "bias_correction": False},
            "numpy: torch cannot switch the correction off",
            numpy_adam(0.05, beta1, beta2, False),
            "m and v used as they are; with the correction this code equals torch to 1e-12",
        )
    for decay in (0.01, 0.5):
        case(
            "adamw",
            0.05,
            {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": decay},
            "torch.optim.AdamW",
            run_torch(lambda p, d=decay: opt.AdamW(p, 0.05, weight_decay=d))[0],
            "w ← w(1 − η·decay) first, then Adam's step; here all four parameters decay",
        )
    for max_norm in (1.0, 5.0):
        case(
            "sgd",
            0.02,
            {"max_norm": max_norm},
            "numpy",
            numpy_clip(0.02, max_norm),
            "gradient clipping by norm: g ← g·min(1, max_norm/‖g‖), then SGD",
        )
        path = run_torch(lambda p: opt.SGD(p, 0.02), max_norm=max_norm)[0]
        assert 0 < biggest(path - cases[-1]["path"]) < 1e-5
        case(
            "sgd",
            0.02,
            {"max_norm": max_norm, "norm_epsilon": 1e-6},
            "torch.nn.utils.clip_grad_norm_, then torch.optim.SGD",
            path,
            "torch divides by ‖g‖ + 1e-6; the case without norm_epsilon is the plain formula",
        )

    sched = torch.optim.lr_scheduler
    schedules = []
    for name, parameters, call, make_schedule in (
        ("constant", {}, "ConstantLR(factor=1)", lambda o: sched.ConstantLR(o, factor=1.0)),
        (
            "step",
            {"every": 10, "factor": 0.5},
            "StepLR(step_size=every, gamma=factor)",
            lambda o: sched.StepLR(o, 10, 0.5),
        ),
        ("exponential", {"factor": 0.95}, "ExponentialLR(gamma=factor)", lambda o: sched.ExponentialLR(o, 0.95)),
        (
            "inverse_time",
            {"decay": 0.1},
            "LambdaLR(lambda t: 1 / (1 + decay * t)): torch has no class for it",
            lambda o: sched.LambdaLR(o, lambda t: 1 / (1 + 0.1 * t)),
        ),
        (
            "cosine",
            {"period": 50, "floor": 0.0},
            "CosineAnnealingLR(T_max=period, eta_min=floor)",
            lambda o: sched.CosineAnnealingLR(o, 50),
        ),
        (
            "cosine",
            {"period": 50, "floor": 0.002},
            "CosineAnnealingLR(T_max=period, eta_min=floor)",
            lambda o: sched.CosineAnnealingLR(o, 50, eta_min=0.002),
        ),
        (
            "warm_up",
            {"steps": 10, "start": 0.1},
            "LinearLR(start_factor=start, end_factor=1, total_iters=steps)",
            lambda o: sched.LinearLR(o, 0.1, 1.0, 10),
        ),
    ):
        path, rates = run_torch(lambda p: opt.SGD(p, 0.02), schedule=make_schedule)
        schedules.append(
            {
                "id": name,
                "parameters": parameters,
                "call": f"torch.optim.lr_scheduler.{call}",
                "learning_rate": 0.02,
                "rates": rates,
                "path": path,
            }
        )
    w = tensor(START, grad=True)
    lbfgs = opt.LBFGS(
        [w],
        lr=1,
        max_iter=200,
        tolerance_grad=1e-12,
        tolerance_change=1e-16,
        history_size=10,
        line_search_fn="strong_wolfe",
    )

    def closure() -> torch.Tensor:
        lbfgs.zero_grad()
        loss = objective(w)
        loss.backward()
        return loss

    lbfgs.step(closure)
    other = scipy.optimize.minimize(objective, START, jac=slope, method="BFGS", options={"gtol": 1e-12})
    point = w.detach().numpy()
    w_start = tensor(START, grad=True)
    objective(w_start).backward()
    assert biggest(w_start.grad.numpy() - slope(np.array(START))) < 1e-12
    assert biggest(point - other.x) < 1e-6
    about = [
        "50 updates on one problem of four numbers. path has 51 rows: the start, then w after every update. problem:",
        "f(w) and its gradient as formulas, with both at the start to check a copy of them. parameters holds what",
        "differs from plain; epsilon stands outside the root throughout. Clipping is the sgd cases with max_norm. ids",
        "are the engine's where it had them; schedule ids and their parameters' names are proposals. schedules: SGD;",
        "rates[t] is the rate of update t + 1, t = 0..49. lbfgs: final point and loss only, compared with SciPy's",
        "BFGS; gradient_norm is what is left there. momentum_shown: torch with a zero buffer is the average from",
        "zero; left alone its first update is 1/(1−β) too big, and the whole path differs by",
        "bare_torch_against_numpy.",
    ]
    problem = {
        "f": "(1 − w0)² + 5(w1 − w0²)² + ½(w2 − w1)² + 4w3² + w2·w3 + 0.1w2²",
        "gradient": [
            "−2(1 − w0) − 20·w0·(w1 − w0²)",
            "10(w1 − w0²) − (w2 − w1)",
            "(w2 − w1) + w3 + 0.2·w2",
            "8·w3 + w2",
        ],
        "start": START,
        "f_start": float(objective(START)),
        "gradient_start": w_start.grad,
    }
    content = {
        "problem": problem,
        "cases": cases,
        "schedules": schedules,
        "lbfgs": {
            "id": "lbfgs",
            "call": "torch.optim.LBFGS(lr=1, max_iter=200, tolerance_grad=1e-12, tolerance_change=1e-16, "
            "history_size=10, line_search_fn='strong_wolfe')",
            "iterations": lbfgs.state[w]["n_iter"],
            "evaluations": lbfgs.state[w]["func_evals"],
            "point": point,
            "loss": float(objective(point)),
            "gradient_norm": float(np.linalg.norm(slope(point))),
            "scipy_bfgs_point": other.x,
        },
        "momentum_shown": shown,
    }
    write("optimizers", about, content)


# ---- whole networks ----


def forward(weights: list[torch.Tensor], x: torch.Tensor, g: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    a = x
    for index, w in enumerate(weights):
        z = F.linear(a.T, w[:, :-1], w[:, -1]).T
        a = z if index == len(weights) - 1 else g(z)
    return a


def data_loss(name: str, logits: torch.Tensor, labels: np.ndarray) -> torch.Tensor:
    if name == "softmax_cross_entropy":
        return F.cross_entropy(logits.T, torch.tensor(labels))
    return F.binary_cross_entropy_with_logits(logits[0], tensor(labels))


def penalty(weights: list[torch.Tensor], strength: float) -> torch.Tensor:
    return 0.5 * strength * sum((w[:, :-1] ** 2).sum() for w in weights)


TORCH_ACTIVATIONS = {"tanh": torch.tanh, "relu": F.relu}


def train(
    start: list[np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    activation: str,
    loss: str,
    strength: float,
    make: Callable[[list[torch.Tensor]], torch.optim.Optimizer],
    steps: int,
) -> tuple[list[torch.Tensor], list[float], list[float]]:
    """Full-batch training: the weights after ``steps``, and L and J before every update and after the last."""
    weights = [tensor(w, grad=True) for w in start]
    optimizer = make(weights)
    data, total = [], []
    for step in range(steps + 1):
        optimizer.zero_grad()
        value = data_loss(loss, forward(weights, tensor(x), TORCH_ACTIVATIONS[activation]), labels)
        whole = value + penalty(weights, strength)
        data.append(float(value.detach()))
        total.append(float(whole.detach()))
        if step < steps:
            whole.backward()
            optimizer.step()
    return weights, data, total


def network() -> None:
    rng = np.random.default_rng(4)
    x = np.round(rng.normal(size=(2, 12)), 3)
    ring = np.hypot(*x)
    three, two = np.digitize(ring, np.quantile(ring, [1 / 3, 2 / 3])), (x[0] * x[1] > 0).astype(int)
    cases = []
    for sizes, activation, loss, labels, strength in (
        ((2, 5, 4, 3), "tanh", "softmax_cross_entropy", three, 0.0),
        ((2, 5, 4, 3), "tanh", "softmax_cross_entropy", three, 0.1),
        ((2, 6, 1), "relu", "logistic", two, 0.0),
    ):
        draw = np.random.default_rng(len(sizes))
        start = [
            np.round(draw.normal(size=(o, i + 1)) * np.array([*[math.sqrt(1.5 / i)] * i, 0.3]), 3)
            for i, o in itertools.pairwise(sizes)
        ]
        weights = [tensor(w, grad=True) for w in start]
        logits = forward(weights, tensor(x), TORCH_ACTIVATIONS[activation])
        value = data_loss(loss, logits, labels)
        price = penalty(weights, strength)
        gradients = torch.autograd.grad(value + price, weights)
        runs = []
        for name, rate, make in (
            ("sgd", 0.5, lambda p: torch.optim.SGD(p, 0.5)),
            ("adam", 0.05, lambda p: torch.optim.Adam(p, 0.05)),
        ):
            after, data, total = train(start, x, labels, activation, loss, strength, make, 20)
            runs.append(
                {
                    "optimizer": name,
                    "learning_rate": rate,
                    "steps": 20,
                    "losses": data,
                    "objectives": total,
                    "weights": after,
                }
            )
        cases.append(
            {
                "id": f"{'-'.join(map(str, sizes))}-{activation}-{loss}-l2={strength:g}",
                "sizes": sizes,
                "activation": activation,
                "loss_id": loss,
                "l2": strength,
                "labels": labels,
                "weights": start,
                "logits": logits,
                "loss": value,
                "penalty": price,
                "gradients": gradients,
                "runs": runs,
            }
        )
    about = [
        "Whole MLPs by torch (F.linear, autograd, torch.optim.SGD and Adam), all 12 points in one batch, no",
        "preprocessing. x is (2, 12). weights and gradients hold one (n_out, n_in + 1) array [W b] a layer, the bias",
        "in the last column. loss is the mean data loss L, penalty R = ½·l2·Σw² over the weights without biases,",
        "gradients are those of L + R. runs: losses (L) and objectives (L + R) have steps + 1 numbers, from the start",
        "to after the last update; weights are those after the last. Adam: β1 0.9, β2 0.999, ε 1e-8, L2 in its",
        "gradient (not decoupled).",
    ]
    write("network", about, {"x": x, "cases": cases})


# ---- batch normalization ----


def batch_norm() -> None:
    rng = np.random.default_rng(5)
    gamma, beta = np.array([1.5, 0.7, -0.4]), np.array([0.2, -0.3, 0.5])
    norm = torch.nn.BatchNorm1d(3, eps=1e-5, momentum=0.1)
    with torch.no_grad():
        norm.weight.copy_(tensor(gamma))
        norm.bias.copy_(tensor(beta))
    batches = []
    for _ in range(3):
        z = np.round(rng.normal(size=(3, 8)) * [[1.0], [3.0], [0.2]] + [[0.5], [-2.0], [4.0]], 3)
        d = np.round(rng.normal(size=(3, 8)), 3)
        norm.zero_grad()
        t = tensor(z, grad=True)
        out = norm(t.T).T
        out.backward(tensor(d))
        batches.append(
            {
                "z": z,
                "mean": t.mean(dim=1),
                "variance": t.var(dim=1, correction=0),
                "variance_unbiased": t.var(dim=1, correction=1),
                "out": out,
                "d": d,
                "dz": t.grad,
                "d_gamma": norm.weight.grad.clone(),
                "d_beta": norm.bias.grad.clone(),
                "running_mean": norm.running_mean.clone(),
                "running_variance": norm.running_var.clone(),
            }
        )
    norm.eval()
    z = np.round(rng.normal(size=(3, 5)) * 2, 3)
    about = [
        "torch.nn.BatchNorm1d(3, eps=1e-5, momentum=0.1): 3 units (rows), 8 samples (columns), γ and β fixed.",
        "Training: out = γ(z − mean)/√(variance + ε) + β with the batch's biased variance (divided by m). Running:",
        "new = (1 − momentum)·old + momentum·batch, torch's convention (the notes' β is 1 − momentum), from mean 0",
        "and variance 1; the variance that enters is the unbiased one, m/(m−1) = 8/7 times the biased. No correction",
        "for the start. d is dL/d(out); dz, d_gamma and d_beta follow (summed over the samples). The three batches",
        "are seen in order; running_* are those after the batch. prediction uses the last ones.",
    ]
    content = {
        "epsilon": 1e-5,
        "momentum": 0.1,
        "gamma": gamma,
        "beta": beta,
        "running_start": {"mean": [0.0] * 3, "variance": [1.0] * 3},
        "batches": batches,
        "prediction": {"z": z, "out": norm(tensor(z).T).T},
    }
    write("batch_norm", about, content)


# ---- dropout ----


def dropout() -> None:
    torch.manual_seed(6)
    rng = np.random.default_rng(6)
    x, d = np.round(rng.uniform(0.2, 2, (3, 6)), 3), np.round(rng.normal(size=(3, 6)), 3)
    cases: list[dict[str, Any]] = []
    for keep in (0.5, 0.8):
        t = tensor(x, grad=True)
        out = F.dropout(t, 1 - keep, training=True)
        mask = (out.detach() != 0).double()  # no x is 0
        (dx,) = torch.autograd.grad(out, t, tensor(d))
        assert biggest(out.detach() - mask * t.detach() / keep) < 1e-14
        assert biggest(dx - mask * tensor(d) / keep) < 1e-14
        draws = torch.stack([F.dropout(tensor(x), 1 - keep, training=True) for _ in range(20_000)])
        common = {"keep": keep, "mask": mask}
        cases += [
            {
                "id": "inverted",
                "call": "F.dropout(x, p=1 - keep, training=True / False)",
                **common,
                "out": out,
                "dx": dx,
                "prediction": F.dropout(tensor(x), 1 - keep, training=False),
                "expectation": x,
                "variance": x**2 * (1 - keep) / keep,
                "measured_draws": 20_000,
                "measured_mean": draws.mean(dim=0),
            },
            {
                "id": "plain",
                "call": "numpy: torch has the inverted form only; the mask is torch's",
                **common,
                "out": mask * tensor(x),
                "dx": mask * tensor(d),
                "prediction": keep * x,
                "expectation": keep * x,
                "variance": x**2 * keep * (1 - keep),
            },
        ]
    ensembles = []
    w, b, a = np.array([0.7, -1.2, 0.4]), 0.1, np.array([1.0, 0.5, 2.0])
    for keep in (0.5, 0.8):
        rows = []
        for bits in itertools.product((0, 1), repeat=3):
            chance = math.prod(keep if bit else 1 - keep for bit in bits)
            z = float(w @ (np.array(bits) * a))
            rows.append({"mask": bits, "chance": chance, "inverted": z / keep + b, "plain": z + b})
        ensembles.append(
            {
                "keep": keep,
                "w": w,
                "b": b,
                "a": a,
                "networks": rows,
                "inverted_mean": sum(row["chance"] * row["inverted"] for row in rows),
                "inverted_prediction": float(w @ a) + b,
                "plain_mean": sum(row["chance"] * row["plain"] for row in rows),
                "plain_prediction": float(w @ (keep * a)) + b,
            }
        )
        assert abs(ensembles[-1]["inverted_mean"] - ensembles[-1]["inverted_prediction"]) < 1e-14
        assert abs(ensembles[-1]["plain_mean"] - ensembles[-1]["plain_prediction"]) < 1e-14
    about = [
        "keep is the probability that a unit stays (torch's p is 1 − keep); the mask holds 1 where it stays.",
        "inverted: out = x·mask/keep in training, x at prediction. plain: out = x·mask in training, x·keep at",
        "prediction. d is dL/d(out), dx follows. expectation and variance over masks are exact; measured_mean is",
        "torch's over draws. ensembles: one linear output w·(mask·a) + b over all 8 masks, with each mask's chance:",
        "the weighted mean of the sub-networks equals the prediction of the scaled network, in both forms (exact for",
        "a linear output).",
    ]
    write("dropout", about, {"x": x, "d": d, "cases": cases, "ensembles": ensembles})


# ---- initializers ----


def initializers() -> None:
    torch.manual_seed(7)
    init = torch.nn.init
    n_in, n_out, draws = 200, 100, 50
    # share of a normal distribution's variance that stays when it is cut at ±2 standard deviations
    density, mass = math.exp(-2) / math.sqrt(2 * math.pi), math.erf(math.sqrt(2))
    kept = 1 - 4 * density / mass
    k = 15
    table: list[tuple[str, dict[str, Any], str, Callable[[torch.Tensor], Any], float, str, float | None]] = [
        ("zeros", {}, "zeros_", init.zeros_, 0.0, "0", 0.0),
        ("normal", {}, "normal_(0, 1)", lambda t: init.normal_(t), 1.0, "1", None),
        ("small_normal", {}, "normal_(0, 0.01)", lambda t: init.normal_(t, 0, 0.01), 1e-4, "0.01²", None),
        ("uniform", {"bound": 1.0}, "uniform_(-1, 1)", lambda t: init.uniform_(t, -1, 1), 1 / 3, "bound²/3", 1.0),
        (
            "inverse_sqrt",
            {},
            "kaiming_normal_(mode='fan_in', nonlinearity='linear')",
            lambda t: init.kaiming_normal_(t, mode="fan_in", nonlinearity="linear"),
            1 / n_in,
            "1/n_in: the normal distribution over √n_in",
            None,
        ),
        ("glorot", {}, "xavier_normal_", init.xavier_normal_, 2 / (n_in + n_out), "2/(n_in + n_out)", None),
        (
            "glorot_uniform",
            {},
            "xavier_uniform_",
            init.xavier_uniform_,
            2 / (n_in + n_out),
            "2/(n_in + n_out); bound √(6/(n_in + n_out))",
            math.sqrt(6 / (n_in + n_out)),
        ),
        (
            "he",
            {},
            "kaiming_normal_(mode='fan_in', nonlinearity='relu')",
            lambda t: init.kaiming_normal_(t, mode="fan_in", nonlinearity="relu"),
            2 / n_in,
            "2/n_in",
            None,
        ),
        (
            "he_uniform",
            {},
            "kaiming_uniform_(mode='fan_in', nonlinearity='relu')",
            lambda t: init.kaiming_uniform_(t, mode="fan_in", nonlinearity="relu"),
            2 / n_in,
            "2/n_in; bound √(6/n_in)",
            math.sqrt(6 / n_in),
        ),
        (
            "sparse",
            {"incoming": k, "std": 1.0},
            "sparse_(W.T, sparsity=1 - incoming/n_in, std=1): torch empties columns, so W is transposed",
            lambda t: init.sparse_(t.T, 1 - k / n_in, std=1.0),
            k / n_in,
            "std²·incoming/n_in over all entries, zeros included",
            None,
        ),
        (
            "orthogonal",
            {},
            "orthogonal_",
            init.orthogonal_,
            1 / max(n_in, n_out),
            "1/max(n_in, n_out), exact as a mean square",
            None,
        ),
        (
            "truncated_normal",
            {"std": 1.0, "cut": 2.0},
            "trunc_normal_(std=1, a=-2, b=2): torch's a and b are values, not multiples of std",
            lambda t: init.trunc_normal_(t, std=1.0, a=-2.0, b=2.0),
            kept,
            "std²·(1 − 2cφ(c)/(2Φ(c) − 1)) with c = 2; an initializer of given variance divides by the root of it",
            2.0,
        ),
    ]
    cases = []
    for name, parameters, call, fill, expected, formula, bound in table:
        samples = torch.zeros(draws, n_out, n_in)
        for sample in samples:
            fill(sample)
        squares = (samples**2).mean(dim=(1, 2))
        measured, error = float(squares.mean()), float(squares.std() / math.sqrt(draws))
        assert abs(measured - expected) <= 4 * error + 1e-12, name
        largest = float(samples.abs().max())
        assert bound is None or largest <= bound
        case: dict[str, Any] = {
            "id": name,
            "parameters": parameters,
            "call": f"torch.nn.init.{call}",
            "formula": formula,
            "variance": expected,
            "measured_variance": measured,
            "measured_error": error,
            "one_draw_error": float(squares.std()),
            "measured_mean": float(samples.mean()),
            "largest": largest,
            "bound": bound,
            "zeros_share": float((samples == 0).double().mean()),
        }
        if name == "sparse":
            counts = (samples != 0).sum(dim=2)
            assert int(counts.min()) == int(counts.max()) == k
            case["nonzero_per_unit"] = k
        if name == "orthogonal":
            wide, tall = samples[0], init.orthogonal_(torch.zeros(n_in, n_out))
            case["gram"] = [
                {
                    "shape": list(matrix.shape),
                    "identity": side,
                    "largest_deviation": biggest(gram - torch.eye(n_out)),
                    "diagonal_mean": float(gram.diagonal().mean()),
                }
                for matrix, side, gram in ((wide, "W Wᵀ", wide @ wide.T), (tall, "Wᵀ W", tall.T @ tall))
            ]
        cases.append(case)
    about = [
        "The variance of weights W (n_out, n_in) = (100, 200): by formula, and measured over 50 draws of",
        "torch.nn.init. All means are 0, so variance is the mean square. measured_error is the standard error of",
        "measured_variance, one_draw_error that of the mean square of a single draw of this shape: a test may allow 4",
        "of them. bound is the largest |w| that can occur (null: none). zeros, small_normal, glorot and he are the",
        "engine's ids; the others are proposals. orthogonal: rows are orthonormal when W is wide, columns when it is",
        "tall (see gram).",
    ]
    content = {"fan_in": n_in, "fan_out": n_out, "draws": draws, "cases": cases}
    write("initializers", about, content)


# ---- scikit-learn ----


class Recorded(MLPClassifier):
    """Remembers the weights with which it starts, as [W b] in the engine's layout."""

    def _init_coef(self, fan_in: int, fan_out: int, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
        coef, intercept = super()._init_coef(fan_in, fan_out, dtype)
        coef, intercept = np.round(coef, 4), np.round(intercept, 4)
        self.start_ = [*getattr(self, "start_", []), np.column_stack([coef.T, intercept])]
        return coef, intercept


def sklearn_mlp() -> None:
    rng = np.random.default_rng(8)
    n, epochs = 40, 15
    x = np.round(rng.normal(size=(2, n)), 3)
    angle = np.arctan2(x[1], x[0])
    labels = {3: np.digitize(angle, [-1.0, 1.0]), 2: (np.hypot(*x) > 1.1).astype(int)}
    cases = []
    for classes, activation, solver, alpha in (
        *itertools.product((3,), ("tanh", "relu"), ("sgd", "adam"), (0.0, 2.0)),
        (2, "tanh", "sgd", 0.0),
        (2, "relu", "adam", 2.0),
    ):
        rate = {"sgd": 0.3, "adam": 0.02}[solver]
        model = Recorded(
            hidden_layer_sizes=(5, 4),
            activation=activation,
            solver=solver,
            alpha=alpha,
            batch_size=n,
            learning_rate="constant",
            learning_rate_init=rate,
            max_iter=epochs,
            shuffle=False,
            random_state=9,
            tol=0.0,
            n_iter_no_change=1000,
            momentum=0.0,
            nesterovs_momentum=False,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "reached the maximum of iterations" is what we want
            model.fit(x.T, labels[classes])
        final = [np.column_stack([c.T, i]) for c, i in zip(model.coefs_, model.intercepts_, strict=True)]
        assert len(model.loss_curve_) == epochs
        make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[solver]
        loss = "softmax_cross_entropy" if classes == 3 else "logistic"
        after, _, total = train(
            model.start_, x, labels[classes], activation, loss, alpha / n, lambda p, o=make, r=rate: o(p, r), epochs
        )
        apart = {
            "weights": max(biggest(a.detach().numpy() - b) for a, b in zip(after, final, strict=True)),
            "losses": biggest(np.array(total[:-1]) - model.loss_curve_),
        }
        assert max(apart.values()) < (1e-12 if solver == "sgd" else 1e-4), apart
        cases.append(
            {
                "id": f"{classes}-{activation}-{solver}-alpha={alpha:g}",
                "classes": classes,
                "loss_id": loss,
                "activation": activation,
                "optimizer": solver,
                "learning_rate": rate,
                "alpha": alpha,
                "l2": alpha / n,
                "start": model.start_,
                "loss_curve": model.loss_curve_,
                "weights": final,
                "torch_difference": apart,
            }
        )
    about = [
        "MLPClassifier(hidden_layer_sizes=(5, 4), batch_size=40, shuffle=False, constant rate, momentum=0, tol=0, 15",
        "epochs) on 40 points in one batch, so that an epoch is one update. x is (2, 40); labels by number of",
        "classes. start (scikit-learn's own Glorot draw, biases too, rounded to 4 digits by overriding _init_coef)",
        "and weights (after 15 updates) hold one [W b] (n_out, n_in + 1) a layer. 3 classes: softmax; 2 classes: one",
        "logistic output. scikit-learn's penalty is alpha/(2n)·Σw² over weights without biases, so that ½λw² has λ =",
        "alpha/n = l2 here. loss_curve[i] is loss + penalty before update i + 1, i.e. after i updates. Adam: β1 0.9,",
        "β2 0.999, ε 1e-8, but ε is added to √v instead of √v̂ (Kingma & Ba's shortened form), so that it differs a",
        "little from the usual one. torch_difference is the largest difference of weights and losses from torch's",
        "training from the same start: rounding for sgd, the place of ε for adam. Choose tolerances by it.",
    ]
    write("sklearn_mlp", about, {"x": x, "labels": labels, "cases": cases})


if __name__ == "__main__":
    activations()
    losses()
    optimizers()
    network()
    batch_norm()
    dropout()
    initializers()
    sklearn_mlp()
