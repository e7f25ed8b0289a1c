"""The network to take away: as a program that predicts what it predicts, and its numbers as a safetensors file. Both
are asked for, never looked at; what is exported is the network of the running session.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from app import frames
from app.views.base import Scene, Seen, Tensor, View, view
from engine import Trainer
from engine.component import Refused, Text
from engine.export import export, tensors
from engine.programs import Language, program

MAX_PARAMETERS = 120_000
"""Of a network that is written as a program: its text is made by the thread that trains, at 1 µs a number."""


@view
@dataclass(frozen=True)
class Program(View):
    """See `engine.programs`."""

    id = "program"
    label = Text("Program", "程序")
    description = Text(
        "The network as a program in NumPy, PyTorch or Keras with its weights, which predicts what it predicts.",
        "把网络连同权重写成 NumPy、PyTorch 或 Keras 程序，预测结果相同。",
    )
    every = 0
    about: ClassVar[dict[str, str]] = {"text": "the program", "name": "a name for its file"}

    language: Literal["numpy", "pytorch", "keras"] = "numpy"
    lang: Literal["en", "zh"] = "en"

    def show(self, scene: Scene) -> Seen | None:
        count = scene.trainer.network.parameters.shape[1]
        if count > MAX_PARAMETERS:
            raise Refused(
                "language",
                Text(
                    f"The network has {count:,} parameters; programs are written for up to {MAX_PARAMETERS:,}. "
                    "Export the weights instead.",
                    f"网络有 {count:,} 个参数，最多可为 {MAX_PARAMETERS:,} 个参数的网络生成程序。请改为导出权重。",
                ),
            )
        text = written(scene.trainer, self.language, self.lang)
        return Seen({}, {"text": text, "name": f"network_{self.language}.py"})


@view
@dataclass(frozen=True)
class Weights(View):
    """See `engine.export.tensors`."""

    id = "weights"
    label = Text("Weights", "权重")
    description = Text("All numbers of the network as a safetensors file.", "网络的全部数值，safetensors 文件。")
    every = 0
    tensors: ClassVar[dict[str, Tensor]] = {
        "file": ("U8", "(B)", "the file; its names are those of the exported PyTorch program"),
    }

    def show(self, scene: Scene) -> Seen | None:
        return Seen({"file": np.frombuffer(packed(scene.trainer), np.uint8)})


def packed(trainer: Trainer, network: int = 0) -> bytes:
    """A network's numbers as a safetensors file. Raises Refused if they have overflowed."""
    about = {"format": "pt", "network": outline(trainer, "en"), "epochs": f"{trainer.position:g}"}
    return frames.encode(tensors(export(trainer, network)), about)


def written(trainer: Trainer, language: Language, lang: str, network: int = 0) -> str:
    """A network as a program. Raises Refused."""
    epochs = f"{trainer.position:,.4g}"
    learned = f"第 {epochs} 轮" if lang == "zh" else f"epoch {epochs}"
    about = [f"{outline(trainer, lang)}{'；' if lang == 'zh' else '; '}{learned}{'。' if lang == 'zh' else '.'}"]
    return program(export(trainer, network), language, about, chinese=lang == "zh")


def outline(trainer: Trainer, lang: str) -> str:
    """A network in one line: ``2 inputs - 8 ReLU - 8 ReLU - 2 outputs, Softmax cross-entropy``."""
    sizes, spec, zh = trainer.network.sizes, trainer.specs[0], lang == "zh"
    hidden = [f"{layer.width} {layer.activation.label[zh]}" for layer in spec.hidden]
    ends = ("{} 个输入", "{} 个输出") if zh else ("{} inputs", "{} outputs")
    parts = [ends[0].format(sizes[0]), *hidden, ends[1].format(sizes[-1])]
    return " - ".join(parts) + ("，" if zh else ", ") + trainer.loss.label[zh]
