"""Combinations that make no sense: refused before training starts, with a sentence that says why and what to choose."""

from engine.component import Refused, Text
from engine.data import Data
from engine.regularizers import Regularizer
from engine.spec import Experiment, NetworkSpec

FEWEST_VALIDATION_POINTS = 4
MAX_UNITS = 8192
"""Hidden units of all networks of an experiment, a third more than the largest six networks have."""


def refuse(spec: NetworkSpec, data: Data) -> None:
    """Raises Refused if a network's settings contradict each other or the data."""
    _classes(spec, data)
    _line_search(spec)
    _together(spec)
    _folds(spec, data)
    _sizes(spec, data)


def refuse_size(experiment: Experiment) -> None:
    """Raises Refused if so many seeds of its networks are more than can be trained while others wait."""
    units = experiment.seeds * sum(sum(spec.widths()) for spec in experiment.panels)
    if units > MAX_UNITS:
        raise Refused(
            "seeds",
            Text(
                f"{experiment.seeds} seeds of these networks have {units:,} hidden units together; "
                f"{MAX_UNITS:,} is the most. Choose fewer seeds, or fewer or smaller networks.",
                f"这些网络各 {experiment.seeds} 个种子共有 {units:,} 个隐藏单元，上限为 {MAX_UNITS:,}。"
                "请减少种子数，或使用更少、更小的网络。",
            ),
        )


def _classes(spec: NetworkSpec, data: Data) -> None:
    if data.task == "values":
        if not spec.loss.values:
            raise Refused(
                "loss",
                Text(
                    f"{spec.loss.label.en} tells classes apart, but these data carry values. "
                    "Choose the automatic loss, squared error, absolute error or Huber.",
                    f"{spec.loss.label.zh}用于分类，而这些数据是数值。请选择自动、平方误差、绝对误差或 Huber 损失。",
                ),
            )
        return
    low, high = spec.loss.classes
    if not low <= data.classes <= high:
        known = Text(f"exactly {low}", f"只支持 {low}")
        if low < high:
            known = Text(f"{low} to {high}", f"支持 {low} 至 {high}")
        raise Refused(
            "loss",
            Text(
                f"{spec.loss.label.en} takes {known.en} classes, the data have {data.classes}. "
                "Choose another loss, or other data.",
                f"{spec.loss.label.zh}{known.zh} 类，而数据有 {data.classes} 类。请选择其他损失函数或数据。",
            ),
        )


def _line_search(spec: NetworkSpec) -> None:
    if not spec.optimizer.line_search:
        return
    if spec.clip_norm:
        raise Refused(
            "clip_norm",
            Text(
                f"{spec.optimizer.label.en} finds the length of its steps by itself. Switch gradient clipping off (0).",
                f"{spec.optimizer.label.zh}自行确定步长，请关闭梯度裁剪（设为 0）。",
            ),
        )
    for regularizer in spec.regularizers:
        projects = type(regularizer).project is not Regularizer.project
        if regularizer.random or regularizer.proximal or projects:
            en, zh = "moves the weights after each step", "在每步之后改变权重"
            if regularizer.random:
                en, zh = "makes the objective random", "使目标函数变得随机"
            elif regularizer.proximal:
                en, zh = "is not differentiable at zero", "在零点不可导"
            raise Refused(
                "optimizer",
                Text(
                    f"{spec.optimizer.label.en} searches along a line, but {regularizer.label.en} {en}. "
                    f"Choose Adam or SGD, or switch {regularizer.label.en} off.",
                    f"{spec.optimizer.label.zh}需要线搜索，但{regularizer.label.zh}{zh}。"
                    f"请改用 Adam 或 SGD，或关闭{regularizer.label.zh}。",
                ),
            )


def _together(spec: NetworkSpec) -> None:
    ids = [regularizer.id for regularizer in spec.regularizers]
    dropping = [regularizer for regularizer in spec.regularizers if regularizer.exclusive]
    if len(dropping) > 1:
        names = [Text(*regularizer.label) for regularizer in dropping[:2]]
        raise Refused(
            "regularizers",
            Text(
                f"{names[0].en} and {names[1].en} are two forms of the same method. Choose one.",
                f"{names[0].zh}与{names[1].zh}是同一方法的两种形式，请只选一个。",
            ),
        )
    if len(set(ids)) < len(ids):
        raise Refused("regularizers", Text("Each can be chosen only once.", "每种方法只能选择一次。"))


def _folds(spec: NetworkSpec, data: Data) -> None:
    if not spec.folds:
        return
    if spec.bootstrap or data.n_validation or any(regularizer.held_out for regularizer in spec.regularizers):
        raise Refused(
            "folds",
            Text(
                "Cross-validation chooses by itself what to train on and what to hold out. "
                "Switch bootstrap samples, early stopping and the validation share off.",
                "交叉验证自行决定训练哪些点、留出哪些点。请关闭自助采样和早停，并把验证集比例设为 0。",
            ),
        )
    if data.n_train < 2 * spec.folds:
        raise Refused(
            "folds",
            Text(
                f"{data.n_train} training points are too few for {spec.folds} folds. "
                "Use more points or a larger training share.",
                f"{data.n_train} 个训练点不够分成 {spec.folds} 折。请增加数据点数或训练集比例。",
            ),
        )


def _sizes(spec: NetworkSpec, data: Data) -> None:
    held_out = spec.n_held_out(data) + spec.fold_size(data)
    count = data.n_train - held_out
    if spec.batch_norm and min(spec.batch_size, count) == 1 and not (spec.optimizer.full_batch and count > 1):
        raise Refused(
            "batch_size",
            Text(
                "Batch normalization has nothing to normalize over in a batch of one. Choose a larger batch, "
                "or more training points.",
                "批中只有一个点时，批量归一化没有可归一化的内容。请增大批大小或训练点数。",
            ),
        )
    if spec.held_out(data) and held_out < FEWEST_VALIDATION_POINTS:
        raise Refused(
            "regularizers",
            Text(
                f"Early stopping would have {held_out} validation points. Use more points or a larger training share.",
                f"早停只能留出 {held_out} 个验证点。请增加数据点数或训练集比例。",
            ),
        )
