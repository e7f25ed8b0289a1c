"""What to train, as data: the experiment that a link, a config file, the page and the shell all describe.

Plain frozen dataclasses; the annotations carry range, label and explanation, as those of the components do. Settings
with ``live=True`` can change while the network trains, all others need a fresh start.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Interval, Len

from engine.activations import Activation, ReLU
from engine.component import Setting, Text
from engine.datasets import Circle, Dataset
from engine.features import X1, X2, Feature
from engine.initializers import He, Initializer
from engine.losses import AutomaticLoss, Loss
from engine.optimizers import SGD, Optimizer
from engine.preprocessing import Preprocessing, Standardize
from engine.regularizers import Regularizer
from engine.schedules import Constant, Schedule
from engine.shifts import NoShift, Shift

if TYPE_CHECKING:
    from engine.data import Data

MAX_WIDTH = 128
MAX_DEPTH = 8
MAX_PANELS = 6
MAX_FEATURES = 16
MAX_SEED = 2**31 - 1
MAX_SEEDS = 32
STRENGTH = Interval(ge=0.0, le=10.0)  # what a layer multiplies the regularization by


@dataclass(frozen=True)
class DataSpec:
    """The points all panels share."""

    dataset: Annotated[
        Dataset,
        Setting(
            Text("Dataset", "数据集"),
            Text("The distribution the points are drawn from.", "数据点所服从的分布。"),
            group="data",
        ),
    ] = field(default_factory=Circle)
    noise: Annotated[
        float,
        Interval(ge=0.0, le=0.8),
        Setting(
            Text("Noise", "噪声"),
            Text("How far points stray, so that classes overlap.", "数据点偏离的程度，使类别互相重叠。"),
            step=0.05,
            unit="%",
            group="data",
        ),
    ] = 0.1
    samples: Annotated[
        int,
        Interval(ge=20, le=2000),
        Setting(
            Text("Points", "数据点数"),
            Text("Number of points, training and test together.", "训练集与测试集的总点数。"),
            step=20,
            suggestions=(20, 50, 100, 200, 300, 500, 1000, 2000),
            scale="log",
            group="data",
        ),
    ] = 500
    train_share: Annotated[
        float,
        Interval(ge=0.1, le=0.9),
        Setting(
            Text("Training share", "训练集比例"),
            Text("Share of the points used for training; the rest is for testing.", "用于训练的比例，其余用于测试。"),
            step=0.1,
            unit="%",
            group="data",
        ),
    ] = 0.5
    validation_share: Annotated[
        float,
        Interval(ge=0.0, le=0.5),
        Setting(
            Text("Validation share", "验证集比例"),
            Text(
                "Share of the training points held out for validation; early stopping takes a fifth by itself.",
                "从训练集中留出作验证的比例；早停会自动留出五分之一。",
            ),
            step=0.1,
            unit="%",
            group="data",
        ),
    ] = 0.0
    label_noise: Annotated[
        float,
        Interval(ge=0.0, le=0.5),
        Setting(
            Text("Label noise", "标签噪声"),
            Text(
                "Share of the points that carry a wrong label; of values it is training points, which then read 1.",
                "标签错误的数据点所占比例；数值数据只影响训练点，其读数变为 1。",
            ),
            step=0.05,
            unit="%",
            group="data",
        ),
    ] = 0.0
    imbalance: Annotated[
        float,
        Interval(ge=1.0, le=20.0),
        Setting(
            Text("Imbalance", "类别不均衡"),
            Text(
                "How many times as frequent the first class is as the last; 1 is balanced.",
                "第一类数量是最后一类的多少倍；1 表示均衡。",
            ),
            scale="log",
            suggestions=(1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0),
            unit="×",
            group="data",
        ),
    ] = 1.0
    shift: Annotated[
        Shift,
        Setting(
            Text("Shifted training data", "训练数据偏移"),
            Text(
                "Lets the training points come from another distribution; a fifth of them is held out as train-dev.",
                "让训练数据来自另一分布，并从中留出五分之一作为训练—开发集。",
            ),
            group="data",
        ),
    ] = field(default_factory=NoShift)
    seed: Annotated[
        int,
        Interval(ge=0, le=MAX_SEED),
        Setting(
            Text("Data seed", "数据随机种子"),
            Text("Same seed, same points, same split, same batch order.", "种子相同，则数据、划分与批次顺序都相同。"),
            step=1,
            group="data",
        ),
    ] = 1
    tf_seed: Annotated[
        str,
        Len(0, 64),
        Setting(
            Text("TensorFlow Playground seed", "TensorFlow Playground 种子"),
            Text(
                "If given, points, first weights and the order of the steps are those of TensorFlow Playground.",
                "若填写，则数据点、初始权重与更新顺序都与 TensorFlow Playground 相同。",
            ),
            group="data",
            control="hidden",
        ),
    ] = ""


@dataclass(frozen=True)
class HiddenLayer:
    """One hidden layer: an affine map to ``width`` units and an activation."""

    width: Annotated[
        int,
        Interval(ge=1, le=MAX_WIDTH),
        Setting(
            Text("Width", "宽度"),
            Text("Number of units in this layer.", "该层的单元个数。"),
            step=1,
            suggestions=(1, 2, 3, 4, 6, 8, 12, 16, 20, 32, 64, 128),
            compare=(3, 6, 20),
            scale="log",
        ),
    ] = 8
    activation: Annotated[
        Activation,
        Setting(
            Text("Activation", "激活函数"),
            Text("The non-linearity after this layer.", "该层之后的非线性函数。"),
            live=True,
        ),
    ] = field(default_factory=ReLU)
    strength: Annotated[
        float,
        STRENGTH,
        Setting(
            Text("Strength ×", "强度倍数"),
            Text(
                "Multiplies the strength of L1, L2, elastic net and AdamW's decay in this layer; 0 leaves it alone.",
                "该层 L1、L2、弹性网以及 AdamW 权重衰减的倍数；0 表示不正则化该层。",
            ),
            step=0.1,
            suggestions=(0.0, 0.5, 1.0, 2.0, 5.0),
            live=True,
        ),
    ] = 1.0


@dataclass(frozen=True)
class NetworkSpec:
    """One network and how it is trained."""

    hidden: Annotated[
        tuple[HiddenLayer, ...],
        Len(0, MAX_DEPTH),
        Setting(
            Text("Hidden layers", "隐藏层"),
            Text(
                "Depth and width: more units draw more complicated boundaries. With none, the boundary is straight.",
                "深度与宽度：单元越多，边界可以越复杂；没有隐藏层时边界是直线。",
            ),
        ),
    ] = (HiddenLayer(8), HiddenLayer(8))
    residual: Annotated[
        bool,
        Setting(
            Text("Residual connections", "残差连接"),
            Text(
                "A shortcut around every hidden layer that is as wide as the one before it; deeper is then not worse.",
                "在与前一隐藏层同宽的隐藏层上加捷径，使网络加深而不变差。",
            ),
        ),
    ] = False
    batch_norm: Annotated[
        bool,
        Setting(
            Text("Batch normalization", "批量归一化"),
            Text(
                "Normalizes each layer's signal over the batch; forgives a bad initialization, allows larger steps.",
                "在批内对各层信号做归一化；能挽救不良初始化，允许更大的学习率。",
            ),
        ),
    ] = False
    regularizers: Annotated[
        tuple[Regularizer, ...],
        Len(0, None),
        Setting(
            Text("Regularization", "正则化"),
            Text("Means against overfitting; any of them together.", "防止过拟合的方法，可任意组合。"),
            live=True,
            group="regularization",
        ),
    ] = ()
    regularize_biases: Annotated[
        bool,
        Setting(
            Text("Regularize biases", "正则化偏置"),
            Text(
                "Apply L1, L2, elastic net and AdamW's decay to the biases too; rarely done.",
                "对偏置也做 L1、L2、弹性网正则化和 AdamW 权重衰减；通常不这样做。",
            ),
            live=True,
            group="regularization",
        ),
    ] = False
    output_strength: Annotated[
        float,
        STRENGTH,
        Setting(
            Text("Output layer's strength ×", "输出层强度倍数"),
            Text(
                "Multiplies the strength of L1, L2, elastic net and AdamW's decay there; hidden layers have their own.",
                "输出层 L1、L2、弹性网以及 AdamW 权重衰减的倍数；各隐藏层另有自己的倍数。",
            ),
            step=0.1,
            suggestions=(0.0, 0.5, 1.0, 2.0, 5.0),
            live=True,
            group="regularization",
        ),
    ] = 1.0
    bootstrap: Annotated[
        bool,
        Setting(
            Text("Bootstrap sample", "自助采样"),
            Text(
                "Train on as many points drawn with replacement by the weight seed: a member of a bagging ensemble.",
                "用权重种子有放回地抽取同样多的训练点：装袋集成的一个成员。",
            ),
            group="regularization",
        ),
    ] = False
    folds: Annotated[
        Literal[0, 4, 8],
        Setting(
            Text("Cross-validation", "交叉验证"),
            Text(
                "Cuts the training points into so many folds; each seed holds out the next one for validation.",
                "把训练点分成这么多折，每个种子依次留出其中一折作验证。",
            ),
            options=((0, Text("off", "关闭")), (4, Text("4 folds", "4 折")), (8, Text("8 folds", "8 折"))),
            group="regularization",
        ),
    ] = 0
    learning_rate: Annotated[
        float,
        Interval(ge=1e-5, le=10.0),
        Setting(
            Text("Learning rate η", "学习率 η"),
            Text(
                "Size of each step: too small is slow, too large jumps about or explodes.",
                "每步的大小：太小则慢，太大则震荡甚至发散。",
            ),
            scale="log",
            suggestions=(0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
            compare=(0.001, 0.03, 0.3, 3.0),
            live=True,
            group="training",
        ),
    ] = 0.03
    optimizer: Annotated[
        Optimizer,
        Setting(
            Text("Optimizer", "优化算法"),
            Text("How gradients become steps.", "如何由梯度得到更新步。"),
            live=True,
            group="training",
        ),
    ] = field(default_factory=SGD)
    schedule: Annotated[
        Schedule,
        Setting(
            Text("Learning-rate schedule", "学习率衰减"),
            Text("How the learning rate changes over the epochs.", "学习率如何随轮数变化。"),
            live=True,
            group="training",
        ),
    ] = field(default_factory=Constant)
    clip_norm: Annotated[
        float,
        Interval(ge=0.0, le=100.0),
        Setting(
            Text("Gradient clipping", "梯度裁剪"),
            Text("Longest gradient that is followed in full; 0 switches it off.", "梯度的最大长度；0 表示不裁剪。"),
            scale="log",
            suggestions=(0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0),
            compare=(0.0, 0.1, 1.0),
            live=True,
            group="training",
        ),
    ] = 0.0
    frozen: Annotated[
        int,
        Interval(ge=0, le=MAX_DEPTH),
        Setting(
            Text("Frozen layers", "冻结层数"),
            Text("So many first hidden layers keep their weights as they are.", "前若干个隐藏层的权重保持不变。"),
            step=1,
            live=True,
            group="training",
        ),
    ] = 0
    batch_size: Annotated[
        int,
        Interval(ge=1, le=2000),
        Setting(
            Text("Batch size", "批大小"),
            Text(
                "Training points per update; small batches are noisy but frequent. Full-batch optimizers take all.",
                "每次更新使用的训练点数；小批量噪声大但更新频繁。全批量优化算法总是使用全部点。",
            ),
            scale="log",
            step=1,
            suggestions=(1, 2, 5, 10, 20, 30, 50, 100, 200, 500, 1000, 2000),
            compare=(1, 10, 50, 250),
            live=True,
            group="training",
        ),
    ] = 10
    loss: Annotated[
        Loss,
        Setting(
            Text("Loss", "损失函数"),
            Text("What training makes small.", "训练要减小的量。"),
            group="training",
        ),
    ] = field(default_factory=AutomaticLoss)
    initializer: Annotated[
        Initializer,
        Setting(
            Text("Initialization", "权重初始化"),
            Text("Where the weights start.", "权重的起点。"),
            group="initialization",
        ),
    ] = field(default_factory=He)
    gain: Annotated[
        float,
        Interval(ge=0.01, le=10.0),
        Setting(
            Text("Gain", "增益"),
            Text("Multiplies all initial weights.", "所有初始权重的倍数。"),
            scale="log",
            suggestions=(0.01, 0.03, 0.1, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0),
            compare=(0.1, 1.0, 3.0),
            group="initialization",
        ),
    ] = 1.0
    bias: Annotated[
        float,
        Interval(ge=-2.0, le=2.0),
        Setting(
            Text("Initial bias", "初始偏置"),
            Text("Where the biases of the hidden layers start.", "隐藏层偏置的起点。"),
            step=0.01,
            suggestions=(-1.0, 0.0, 0.01, 0.1, 1.0),
            compare=(-1.0, 0.0, 0.01),
            group="initialization",
        ),
    ] = 0.0
    seed: Annotated[
        int,
        Interval(ge=0, le=MAX_SEED),
        Setting(
            Text("Weight seed", "权重随机种子"),
            Text("Same seed, same initial weights.", "种子相同，则初始权重相同。"),
            step=1,
            compare=(1, 2, 3, 4, 5, 6),
            group="initialization",
        ),
    ] = 1
    features: Annotated[
        tuple[Feature, ...],
        Len(1, MAX_FEATURES),
        Setting(
            Text("Input features", "输入特征"),
            Text("What the network is given of each point.", "每个点以哪些特征输入网络。"),
            group="inputs",
        ),
    ] = (X1(), X2())
    preprocessing: Annotated[
        Preprocessing,
        Setting(
            Text("Preprocessing", "数据预处理"),
            Text("How the inputs are scaled, fitted on the training points.", "输入的缩放方式，只用训练集拟合。"),
            group="inputs",
        ),
    ] = field(default_factory=Standardize)
    fit_on_all: Annotated[
        bool,
        Setting(
            Text("Fit on all points", "用全部数据拟合"),
            Text(
                "A common mistake: the preprocessing also looks at the test points, which must stay unseen.",
                "常见错误：预处理也使用了本应不可见的测试数据。",
            ),
            group="inputs",
        ),
    ] = False

    def seeded(self, count: int) -> tuple["NetworkSpec", ...]:
        """So many networks that differ in nothing but the seed, which counts up from this one's."""
        return tuple(replace(self, seed=(self.seed + k) % (MAX_SEED + 1)) for k in range(count))

    def widths(self) -> tuple[int, ...]:
        """Units in each hidden layer."""
        return tuple(layer.width for layer in self.hidden)

    def held_out(self, data: "Data") -> float:
        """Share of the training points that this network holds out as validation part of its own; 0 where the data have
        one."""
        if data.n_validation:
            return 0.0
        return max((regularizer.held_out for regularizer in self.regularizers), default=0.0)

    def n_held_out(self, data: "Data") -> int:
        """How many points that is."""
        return round(data.n_train * self.held_out(data))

    def fold_size(self, data: "Data") -> int:
        """How many points are in each fold; those that are left over are always trained on."""
        return data.n_train // self.folds if self.folds else 0

    def start(self) -> tuple[object, ...]:
        """What decides where training starts. A run can go on with another spec if their starts are equal: they then
        differ in live settings only (an activation is live unless it brings parameters of its own)."""
        activations = tuple(
            (layer.activation.pieces_per_unit(), layer.activation.unit_parameters) for layer in self.hidden
        )
        return (
            self.widths(),
            activations,
            self.residual,
            self.batch_norm,
            self.bootstrap,
            self.folds,
            any(regularizer.held_out for regularizer in self.regularizers),
            self.loss,
            self.initializer,
            self.gain,
            self.bias,
            self.seed,
            self.features,
            self.preprocessing,
            self.fit_on_all,
        )


@dataclass(frozen=True)
class Experiment:
    """One to six networks on the same data: what a link holds."""

    data: DataSpec = field(default_factory=DataSpec)
    panels: Annotated[tuple[NetworkSpec, ...], Len(1, MAX_PANELS)] = (NetworkSpec(),)
    speed: Annotated[
        float,
        Interval(ge=0.1, le=1000.0),
        Setting(
            Text("Speed", "速度"),
            Text("Epochs per second.", "每秒训练的轮数。"),
            scale="log",
            suggestions=(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0),
            live=True,
        ),
    ] = 20.0
    seeds: Annotated[
        Literal[1, 8, 16, 32],
        Setting(
            Text("Seeds", "种子数"),
            Text(
                "Trains so many networks in each panel, alike but for their first weights, and shows mean and spread.",
                "每个面板同时训练这么多个只有初始权重不同的网络，并显示均值与分布范围。",
            ),
            options=tuple((count, Text(str(count), str(count))) for count in (1, 8, 16, 32)),
        ),
    ] = 1
    version: Annotated[int, Interval(ge=1, le=1)] = 1
