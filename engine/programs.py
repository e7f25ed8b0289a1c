"""A trained network as a program of its own, for NumPy, PyTorch or Keras: its weights as literals, and the predictions
of the playground. Meant to be read: every layer is a line or two, in the same order in all three.

Activations and losses say what they are in a few words (`Activation.program`, `Loss.written`), which `WORDS` translates
into each library; a word that a library lacks brings a small function along. Samples are rows here, as all three
libraries have them. Features and preprocessing are NumPy in all three: they prepare data and have nothing to learn.
"""

import re
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np

from engine.component import Array, Refused, Text
from engine.export import NORM_EPSILON, TORCH_NORM, Exported, ExportedLayer

Language = Literal["numpy", "pytorch", "keras"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
WIDTH = 110

# Word -> its template in each language, in the order of LANGUAGES; {} stands for what is in the brackets.
WORDS: dict[str, tuple[str, str, str]] = {
    "relu": ("np.maximum({}, 0)", "torch.relu({})", "ops.relu({})"),
    "sigmoid": ("sigmoid({})", "torch.sigmoid({})", "ops.sigmoid({})"),
    "tanh": ("np.tanh({})", "torch.tanh({})", "ops.tanh({})"),
    "where": ("np.where({})", "torch.where({})", "ops.where({})"),
    "abs": ("np.abs({})", "torch.abs({})", "ops.abs({})"),
    "clip": ("np.clip({})", "torch.clip({})", "ops.clip({})"),
    "exp": ("np.exp({})", "torch.exp({})", "ops.exp({})"),
    "expm1": ("np.expm1({})", "torch.expm1({})", "ops.expm1({})"),
    "sin": ("np.sin({})", "torch.sin({})", "ops.sin({})"),
    "cos": ("np.cos({})", "torch.cos({})", "ops.cos({})"),
    "softplus": ("np.logaddexp({}, 0)", "F.softplus({})", "ops.softplus({})"),
    "gelu": ("gelu({})", "F.gelu({})", "ops.gelu({}, approximate=False)"),
    "matmul": ("np.matmul({})", "torch.matmul({})", "ops.matmul({})"),
    "softmax": ("softmax({})", "torch.softmax({}, dim=1)", "ops.softmax({})"),
    "pieces": ("pieces({})", "pieces({})", "pieces({})"),
    "pair": ("pair({})", "pair({})", "pair({})"),
    "shares": ("shares({})", "shares({})", "shares({})"),
    "paths": ("paths({})", "paths({})", "paths({})"),
}

# Function -> its source in each language, for what a library lacks.
FUNCTIONS: dict[str, tuple[str, str, str]] = {
    "sigmoid": ("def sigmoid(z):\n    return (1 + np.tanh(z / 2)) / 2", "", ""),
    "gelu": (
        "def gelu(z):\n    return (z * (1 + np.vectorize(math.erf)(z / math.sqrt(2))) / 2).astype(z.dtype)",
        "",
        "",
    ),
    "softmax": (
        "def softmax(z):\n    e = np.exp(z - z.max(axis=1, keepdims=True))\n"
        "    return e / e.sum(axis=1, keepdims=True)",
        "",
        "",
    ),
    "pieces": (
        "def pieces(z, k):  # the largest of each unit's k pieces\n    return z.reshape(len(z), k, -1).max(axis=1)",
        "def pieces(z, k):  # the largest of each unit's k pieces\n    return z.reshape(len(z), k, -1).amax(dim=1)",
        "def pieces(z, k):  # the largest of each unit's k pieces\n"
        "    return ops.max(ops.reshape(z, (-1, k, z.shape[1] // k)), axis=1)",
    ),
    "pair": (
        "def pair(p):  # of both classes\n    return np.hstack([1 - p, p])",
        "def pair(p):  # of both classes\n    return torch.hstack([1 - p, p])",
        "def pair(p):  # of both classes\n    return ops.concatenate([1 - p, p], axis=1)",
    ),
    "shares": (
        "def shares(p):  # scaled to sum 1; all alike where none is above 0\n"
        "    total = p.sum(axis=1, keepdims=True)\n"
        "    return np.where(total > 0, p / np.where(total > 0, total, 1), 1 / p.shape[1])",
        "def shares(p):  # scaled to sum 1; all alike where none is above 0\n"
        "    total = p.sum(dim=1, keepdim=True)\n"
        "    return torch.where(total > 0, p / torch.where(total > 0, total, 1), 1 / p.shape[1])",
        "def shares(p):  # scaled to sum 1; all alike where none is above 0\n"
        "    total = ops.sum(p, axis=1, keepdims=True)\n"
        "    return ops.where(total > 0, p / ops.where(total > 0, total, 1), 1 / p.shape[1])",
    ),
    "paths": (
        "def paths(z, turns):  # the product of the turns to each class: 1 right, -1 left, 0 not passed\n"
        "    steps = sigmoid(turns * z[:, :, None])\n"
        "    return np.where(turns == 0, 1, steps).prod(axis=1)",
        "def paths(z, turns):  # the product of the turns to each class: 1 right, -1 left, 0 not passed\n"
        "    steps = torch.sigmoid(turns * z[:, :, None])\n"
        "    return torch.where(turns == 0, 1, steps).prod(dim=1)",
        "def paths(z, turns):  # the product of the turns to each class: 1 right, -1 left, 0 not passed\n"
        "    steps = ops.sigmoid(turns * z[:, :, None])\n"
        "    return ops.prod(ops.where(turns == 0, 1.0, steps), axis=1)",
    ),
}


class Sentences(NamedTuple):
    """What a program says about itself, in one language."""

    run: str
    inputs: str
    classes: str
    value: str
    numbers: str
    expected: str
    difference: str


ENGLISH = Sentences(
    "Run it to see that it predicts what the playground predicted; import predict() to use it.",
    "What the network is given of points (m, 2): their features, preprocessed as in training.",
    "The probability of each class, (m, {classes}), for points (m, 2).",
    "The predicted value, (m, 1), for points (m, 2).",
    "The numbers: preprocessing, weights (a row for every unit) and biases.",
    "A few points, and what the playground said about them.",
    "largest difference from the playground:",
)
CHINESE = Sentences(
    "直接运行可核对预测与演示页面一致；也可以导入 predict() 使用。",
    "网络对每个点 (m, 2) 的输入：特征，并按训练时的方式预处理。",
    "各点 (m, 2) 属于每个类别的概率，(m, {classes})。",
    "各点 (m, 2) 的预测值，(m, 1)。",
    "数值：预处理、权重（每个单元一行）与偏置。",
    "几个点，以及演示页面给出的预测。",
    "与演示页面的最大差别：",
)


def program(exported: Exported, language: Language, about: Sequence[str] = (), chinese: bool = False) -> str:
    """The text of a program that predicts what the network predicts. ``about`` are lines for its head. Raises Refused
    for a network with something that no program can say."""
    for component in exported.speechless:
        raise Refused(
            component.family,
            Text(
                f"{component.label.en} has no form in an exported program; export the weights instead.",
                f"{component.label.zh}无法写进导出的程序；请改为导出权重。",
            ),
        )
    words = CHINESE if chinese else ENGLISH
    place = LANGUAGES.index(language)
    said = _Translation(place)
    lines = [_line(said, layer, language, number) for number, layer in enumerate(exported.layers, 1)]
    result = said(exported.probabilities)
    functions = "".join(f"{source}\n\n\n" for source in said.functions())
    head = "\n".join([*about, words.run]).replace("\\", "/").replace('"', "'")
    imports, network, numbers, main = WRITERS[language](exported, lines, result, words)
    needed = "import math\n\n" if "math." in functions else ""
    return (
        f'"""{head}\n"""\n\n{needed}{imports}\n\n\n{_inputs(exported, words)}\n\n\n{functions}{network}\n\n\n'
        f"# {words.numbers}\n{numbers}\n\n# {words.expected}\n"
        f"{literal('POINTS', exported.points)}\n{literal('PREDICTED', exported.predicted)}\n\n{main}"
        f'if __name__ == "__main__":\n    predicted = predict(POINTS)\n    print(predicted)\n'
        f'    print("{words.difference}", np.abs(predicted - PREDICTED).max())\n'
    )


class _Translation:
    """Expressions in the words of one language; remembers which functions they need."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.used: set[str] = set()

    def __call__(self, expression: str) -> str:
        match = re.search(r"\b([a-z]\w*)\(", expression)
        if not match or match[1] not in WORDS:
            return expression
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(expression[end], 0)
            end += 1
        self.used.add(match[1])
        inner = self(expression[match.end() : end - 1])
        return expression[: match.start()] + WORDS[match[1]][self.place].format(inner) + self(expression[end:])

    def functions(self) -> list[str]:
        """The sources of all functions that the expressions use, those that others use first."""
        wanted = {name for name in self.used if FUNCTIONS.get(name, ("", "", ""))[self.place]}
        wanted |= {"sigmoid"} if "paths" in wanted and FUNCTIONS["sigmoid"][self.place] else set()
        return [sources[self.place] for name, sources in FUNCTIONS.items() if name in wanted]


def _line(said: _Translation, layer: ExportedLayer, language: Language, number: int) -> list[str]:
    """The lines of one layer."""
    own = "" if language == "numpy" else "self."
    if language == "numpy":
        z = f"a @ W{number}.T" + (f" + b{number}" if layer.bias is not None else "")
        norm = f"(z - mean{number}) / np.sqrt(variance{number} + {NORM_EPSILON}) * gamma{number} + beta{number}"
    else:
        z, norm = f"self.layer{number}(a)", f"self.norm{number}(z)"
    if not layer.activation:
        return [f"z = {z}"] if language == "numpy" else [f"return {z}"]
    g = said(re.sub(r"\bp\b", f"{own}p{number}", layer.activation))
    lines = [f"z = {z}", *([f"z = {norm}"] if layer.norm else [])]
    lines.append(f"a = a + {g}" if layer.residual else f"a = {g}")
    lines += [] if layer.kept is None else [f"a = a * kept{number}"]
    return [*lines, *([f"a = {layer.factor!r} * a"] if layer.factor != 1 else [])]


def _inputs(exported: Exported, words: Sentences) -> str:
    """The function from points to what the first layer is given; NumPy in every language."""
    x = f"np.stack([{', '.join(exported.features)}], axis=1)"
    identity = np.array_equal(exported.matrix, np.eye(len(exported.centre)))
    if not identity or exported.centre.any():
        x = f"({x} - CENTRE)"
    if not identity:
        x += " * SCALE" if _diagonal(exported.matrix) else " @ MATRIX.T"
    x = f"({x})" if not identity else x
    factor = "" if exported.input_factor == 1 else f" * np.{exported.dtype}({exported.input_factor!r})"
    return (
        f'def inputs(points):\n    """{words.inputs}"""\n    x1, x2 = np.asarray(points, float).T\n'
        f"    return {x}.astype(np.{exported.dtype}){factor}"
    )


def _diagonal(matrix: Array) -> bool:
    return np.array_equal(matrix, np.diag(np.diag(matrix)))


def _preparation(exported: Exported) -> list[str]:
    """The numbers of the preprocessing, and the constants of the loss."""
    found = []
    identity = np.array_equal(exported.matrix, np.eye(len(exported.centre)))
    if not identity or exported.centre.any():
        found.append(literal("CENTRE", exported.centre))
    if not identity:
        diagonal = _diagonal(exported.matrix)
        found.append(
            literal("SCALE" if diagonal else "MATRIX", np.diag(exported.matrix) if diagonal else exported.matrix)
        )
    return found


def literal(name: str, array: Array, convert: str = "np.array({})") -> str:
    """An assignment of an array of one or two axes, each number in the fewest digits that give it back. Lines are cut
    at `WIDTH`; float32 is named, float64 goes without saying."""
    rows = array.astype(str).tolist()
    dtype = f", np.{array.dtype}" if array.dtype != np.float64 else ""
    if array.ndim == 1:
        text = _wrapped(rows, "    ")
        short = f"{name} = " + convert.format(f"[{', '.join(rows)}]{dtype}")
        return short if len(short) <= WIDTH else f"{name} = " + convert.format(f"[\n{text}\n]{dtype}")
    lines = [f"    [{', '.join(row)}]," for row in rows]
    lines = [
        line if len(line) <= WIDTH else "    [\n" + _wrapped(row, " " * 8) + "\n    ],"
        for line, row in zip(lines, rows, strict=True)
    ]
    return f"{name} = " + convert.format("[\n" + "\n".join(lines) + f"\n]{dtype}")


def _wrapped(numbers: list[str], indent: str) -> str:
    """Numbers, each with a comma, in lines of at most `WIDTH`."""
    lines, line = [], indent
    for number in numbers:
        if len(line) + len(number) + 2 > WIDTH:
            lines.append(line.rstrip())
            line = indent
        line += f"{number}, "
    return "\n".join([*lines, line.rstrip()])


def _weights(exported: Exported, constants: str) -> str:
    """All numbers as NumPy arrays: W1, b1, … ``constants`` is how the loss's are made."""
    found = _preparation(exported)
    for number, layer in enumerate(exported.layers, 1):
        found.append(literal(f"W{number}", layer.weights))
        found += [] if layer.bias is None else [literal(f"b{number}", layer.bias)]
        found += [literal(f"{name}{number}", values) for name, values in layer.norm.items()]
        found += [] if layer.learned is None else [literal(f"p{number}", layer.learned)]
        found += [] if layer.kept is None else [literal(f"kept{number}", layer.kept, constants)]
    return "\n".join([*found, *(literal(name, values, constants) for name, values in exported.constants.items())])


Body = tuple[str, str, str, str]


def _predict(exported: Exported, words: Sentences, lines: Sequence[str]) -> str:
    says = words.classes.format(classes=exported.classes) if exported.classes else words.value
    return "\n    ".join(["def predict(points):", f'"""{says}"""', *lines])


def _numpy(exported: Exported, lines: list[list[str]], result: str, words: Sentences) -> Body:
    flat = [line for layer in lines for line in layer]
    network = _predict(exported, words, ["a = inputs(points)", *flat, f"return {result}"])
    return "import numpy as np", network, _weights(exported, "np.array({})"), "\n"


def _pytorch(exported: Exported, lines: list[list[str]], result: str, words: Sentences) -> Body:
    made = []
    for number, layer in enumerate(exported.layers, 1):
        rows, columns = layer.weights.shape
        bias = "" if layer.bias is not None else ", bias=False"
        made.append(f"self.layer{number} = nn.Linear({columns}, {rows}{bias})")
        made += [f"self.norm{number} = nn.BatchNorm1d({rows}, eps={NORM_EPSILON})"] if layer.norm else []
        if layer.learned is not None:
            made.append(f"self.p{number} = nn.Parameter(torch.zeros({len(layer.learned)}))")
    init = "\n        ".join(["super().__init__()", *made])
    forward = "\n        ".join(line for layer in lines for line in layer)
    network = (
        f"class Network(nn.Module):\n    def __init__(self):\n        {init}\n\n"
        f"    def forward(self, a):\n        {forward}\n\n\n"
        + _predict(
            exported,
            words,
            [
                "with torch.no_grad():",
                "    z = network(torch.from_numpy(inputs(points)))",
                f"    return ({result}).numpy()" if " " in result else f"    return {result}.numpy()",
            ],
        )
    )
    loads = []
    for number, layer in enumerate(exported.layers, 1):
        loads.append(f'"layer{number}.weight": W{number},')
        loads += [f'"layer{number}.bias": b{number},'] if layer.bias is not None else []
        if layer.norm:
            loads += [f'"norm{number}.{name}": {own}{number},' for name, own in TORCH_NORM.items()]
            loads.append(f'"norm{number}.num_batches_tracked": np.array(0),')
        loads += [f'"p{number}": p{number},'] if layer.learned is not None else []
    weights = "\n    ".join(loads)
    double = ".double()" if exported.dtype == np.float64 else ""
    main = (
        f"weights = {{\n    {weights}\n}}\nnetwork = Network(){double}\n"
        "network.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})\n"
        "network.eval()\n\n\n"
    )
    functional = "import torch.nn.functional as F\n" if "F." in forward + result else ""
    imports = f"import numpy as np\nimport torch\n{functional}from torch import nn"
    return imports, network, _weights(exported, "torch.from_numpy(np.array({}))"), main


def _keras(exported: Exported, lines: list[list[str]], result: str, words: Sentences) -> Body:
    made, loads = [], []
    for number, layer in enumerate(exported.layers, 1):
        rows = len(layer.weights)
        bias = "" if layer.bias is not None else ", use_bias=False"
        made.append(f"self.layer{number} = layers.Dense({rows}{bias})")
        own = f", b{number}" if layer.bias is not None else ""
        loads.append(f"network.layer{number}.set_weights([W{number}.T{own}])")
        if layer.norm:
            made.append(f"self.norm{number} = layers.BatchNormalization(epsilon={NORM_EPSILON})")
            loads.append(f"network.norm{number}.set_weights([{', '.join(f'{name}{number}' for name in layer.norm)}])")
        if layer.learned is not None:
            made.append(f'self.p{number} = self.add_weight(shape=({len(layer.learned)},), name="p{number}")')
            loads.append(f"network.p{number}.assign(p{number})")
    init = "\n        ".join(["super().__init__()", *made])
    call = "\n        ".join(line for layer in lines for line in layer)
    network = (
        f"class Network(keras.Model):\n    def __init__(self):\n        {init}\n\n"
        f"    def call(self, a):\n        {call}\n\n\n"
        + _predict(
            exported,
            words,
            ["z = network(inputs(points), training=False)", f"return ops.convert_to_numpy({result})"],
        )
    )
    floats = f'keras.config.set_floatx("{exported.dtype}")\n' if exported.dtype != np.float32 else ""
    main = f"{floats}network = Network()\nnetwork(inputs(POINTS))\n" + "\n".join(loads) + "\n\n\n"
    uses = "from keras import layers, ops"
    return (
        f"import keras\nimport numpy as np\n{uses}",
        network,
        _weights(exported, "ops.convert_to_tensor(np.array({}))"),
        main,
    )


WRITERS: dict[Language, Callable[[Exported, list[list[str]], str, Sentences], Body]] = {
    "numpy": _numpy,
    "pytorch": _pytorch,
    "keras": _keras,
}
