"""Links of TensorFlow Playground: whatever stands in one opens, what it can express goes there and back, and the shell
prints its figures."""

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app import checkpoint, links, tf_links
from app.i18n import LANGUAGES, strings
from app.tf_links import FEATURES, HIDE, decode, encode, exported, is_tf, opened
from engine import DataSpec, Experiment, HiddenLayer, NetworkSpec
from engine.activations import Linear, ReLU, Sigmoid, Tanh
from engine.datasets import Bumps, Circle, Gaussian, Moons, Plane, Spiral, Xor
from engine.features import X1, X2, Product, SinX2, X1Squared
from engine.initializers import Uniform, Zeros
from engine.losses import AutomaticLoss, SquaredError, SquaredTanh
from engine.optimizers import SGD, Adam
from engine.preprocessing import NoPreprocessing
from engine.regularizers import L1, L2

GOLDEN = json.loads((Path(__file__).resolve().parents[1] / "figures" / "tf_playground.json").read_text("utf-8"))
QUICK = settings(deadline=None, max_examples=100)

# As its page writes it, with everything at its default.
COMPLETE = (
    "https://playground.tensorflow.org/#activation=tanh&batchSize=10&dataset=circle&regDataset=reg-plane"
    "&learningRate=0.03&regularizationRate=0&noise=0&networkShape=4,2&seed=0.88257&showTestData=false&discretize=false"
    "&percTrainData=50&x=true&y=true&xTimesY=false&xSquared=false&ySquared=false&cosX=false&sinX=false&cosY=false"
    "&sinY=false&collectStats=false&problem=classification&initZero=false&hideText=false"
)
DEFAULT = Experiment(
    DataSpec(dataset=Circle(), noise=0.0, samples=500, train_share=0.5, tf_seed="0.88257"),
    (
        NetworkSpec(
            hidden=(HiddenLayer(4, Tanh()), HiddenLayer(2, Tanh())),
            learning_rate=0.03,
            optimizer=SGD(),
            batch_size=10,
            loss=SquaredTanh(),
            initializer=Uniform(0.5),
            bias=0.1,
            features=(X1(), X2()),
            preprocessing=NoPreprocessing(),
        ),
    ),
)


def panel_of(text: str) -> NetworkSpec:
    return decode(text, "0.5").experiment.panels[0]


def data_of(text: str) -> DataSpec:
    return decode(text, "0.5").experiment.data


def codes(text: str) -> list[str]:
    return [notice.code for notice in decode(text, "0.5").notices]


# ---- reading ----


@pytest.mark.parametrize("text", [COMPLETE, COMPLETE.partition("#")[2], "#seed=0.88257&x=true", "seed=0.88257&y="])
def test_the_defaults_are_those_there(text: str) -> None:
    found = decode(text, "0.5")
    assert found == tf_links.Opened(DEFAULT, [], [], {"testData": False, "discretize": False})


@pytest.mark.parametrize(
    ("text", "theirs"),
    [
        (COMPLETE, True),
        ("http://playground.tensorflow.org", True),
        ("playground.tensorflow.org/#v=1", True),
        (" HTTPS://PLAYGROUND.TENSORFLOW.ORG/ ", True),
        ("https://school.example/nn/?lang=zh#activation=relu", True),
        ("#playButton_hide=true", True),
        ("networkShape=", True),
        ("v=1&activation=relu", False),
        ("dataset=circle&noise=0.1&seed=3", False),
        ("v=1&hidden=8&b.hidden=3", False),
        ("https://school.example/#v=1&tf_seed=0.5", False),
        ("https://playground.tensorflow.org.evil.example/#v=1", False),
        ("experiment.json", False),
        ("", False),
        ("https://[", False),
    ],
)
def test_its_links_are_told_from_ours(text: str, theirs: bool) -> None:
    assert is_tf(text) is theirs


@QUICK
@given(data=st.data())
def test_no_link_of_ours_is_taken_for_one_of_theirs(experiments: Any, data: Any) -> None:
    assert not is_tf(links.encode(data.draw(experiments)))


def test_every_menu_is_understood() -> None:
    for text, activation in (("relu", ReLU()), ("tanh", Tanh()), ("sigmoid", Sigmoid()), ("linear", Linear())):
        assert {layer.activation for layer in panel_of(f"activation={text}").hidden} == {activation}
    for text, dataset in (("circle", Circle()), ("xor", Xor()), ("gauss", Gaussian()), ("spiral", Spiral())):
        assert data_of(f"dataset={text}&regDataset=reg-gauss").dataset == dataset
    for text, dataset in (("reg-plane", Plane()), ("reg-gauss", Bumps())):
        found = decode(f"problem=regression&dataset=xor&regDataset={text}", "0.5").experiment
        assert (found.data.dataset, found.data.samples, found.panels[0].loss) == (dataset, 1200, SquaredError())
    assert panel_of("regularization=L1&regularizationRate=0.003").regularizers == (L1(0.003),)
    assert panel_of("regularization=L2&regularizationRate=10").regularizers == (L2(10.0),)
    assert panel_of("regularization=none&regularizationRate=10").regularizers == ()
    assert panel_of("networkShape=").hidden == ()
    assert [layer.width for layer in panel_of("networkShape=8,7,6,5,4,3").hidden] == [8, 7, 6, 5, 4, 3]
    assert data_of("noise=35&percTrainData=70") == replace(DEFAULT.data, noise=0.35, train_share=0.7, tf_seed="0.5")
    assert decode("showTestData=true&discretize=1", "").view == {"testData": True, "discretize": True}


def test_zero_weights_go_with_zero_biases() -> None:
    panel = panel_of("initZero=true")
    assert (panel.initializer, panel.bias) == (Zeros(), 0.0)


def test_inputs_come_in_the_order_of_the_network_and_not_of_the_link() -> None:
    text = "sinY=true&xTimesY=true&xSquared=yes&y=false&x=true"
    assert panel_of(text).features == (X1(), X1Squared(), Product(), SinX2())


def test_a_hidden_input_is_not_given_to_the_network() -> None:
    found = decode("x_hide=true&xTimesY=true&sinX_hide=true", "0.5")
    assert found.experiment.panels[0].features == (X2(), Product())
    assert found.hide == ["feature:x1", "feature:sin_x1"]


def test_hidden_controls_have_our_names() -> None:
    found = decode("&".join(f"{name}_hide=true" for name in HIDE), "0.5")
    assert found.hide == list(HIDE.values())
    assert [notice.code for notice in found.notices] == ["tf_no_inputs"]
    assert decode("playButton_hide=false&noise_hide=1&dataset_hide", "0.5").hide == []


@pytest.mark.parametrize(
    ("text", "seed"),
    [
        ("seed=0.12345", "0.12345"),
        ("seed=hello", "hello"),
        ("seed=", "0.5"),
        ("x=true", "0.5"),
        ("seed", "0.5"),
        ("seed=1&seed=2", "2"),
        ("seed=a=b", "a"),
        ("seed=a+b", "a+b"),
        ("seed=a%20b", "a%20b"),  # its page does not decode what the address bar holds, …
        ("seed=a b", "a%20b"),  # … which is this for a blank
        ("seed=种", "%E7%A7%8D"),
        ("seed=\ud800", "?"),
    ],
)
def test_the_seed_is_taken_as_it_stands_in_the_address(text: str, seed: str) -> None:
    assert data_of(text).tf_seed == seed


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("activation=gelu", "tf_unknown_value"),
        ("activation=TANH", "tf_unknown_value"),
        ("regularization=l1", "tf_unknown_value"),
        ("dataset=moons", "tf_unknown_value"),
        ("problem=regression&regDataset=circle", "tf_unknown_value"),
        ("problem=ranking", "tf_unknown_value"),
        ("batchSize=ten", "tf_unknown_value"),
        ("batchSize=1_0", "tf_unknown_value"),
        ("learningRate=nan", "tf_unknown_value"),
        ("noise=٣", "tf_unknown_value"),
        ("networkShape=4,x", "tf_unknown_value"),
        ("batchSize=0", "tf_clamped"),
        ("batchSize=2.5", "tf_clamped"),
        ("learningRate=1e999", "tf_clamped"),
        ("batchSize=251", "tf_batch"),
        ("batchSize=31", "tf_beyond_menu"),
        ("learningRate=20", "tf_clamped"),
        ("learningRate=0", "tf_clamped"),
        ("regularizationRate=-1", "tf_clamped"),
        ("noise=-5", "tf_clamped"),
        ("noise=81", "tf_clamped"),
        ("percTrainData=95", "tf_clamped"),
        ("networkShape=4,0", "tf_clamped"),
        ("networkShape=4,,2", "tf_clamped"),
        ("networkShape=4,999", "tf_clamped"),
        ("networkShape=1,1,1,1,1,1,1,1,1", "tf_layers"),
        ("x=false&y=false", "tf_no_inputs"),
        ("seed=" + "9" * 65, "tf_long_seed"),
        ("cosX=true", "tf_no_effect"),
        ("hideText=true", "tf_no_effect"),
        ("tutorial=dp", "tf_no_effect"),
        ("x=true&momentum=0.9", "tf_unknown_key"),
        ("x=true&heatmap_hide=true", "tf_unknown_key"),
    ],
)
def test_what_it_does_not_know_is_named_and_the_rest_applies(text: str, code: str) -> None:
    found = decode(f"{text}&discretize=true&learningRate_hide=true", "0.5")
    assert [notice.code for notice in found.notices] == [code]
    assert found.view["discretize"]
    assert found.hide == ["learning_rate"]
    for lang in LANGUAGES:
        assert "{" not in found.notices[0].sentence(lang)


def test_sizes_are_used_as_far_as_they_go() -> None:
    assert [layer.width for layer in panel_of("networkShape=4,999,0,2.5").hidden] == [4, 128, 1, 3]
    assert len(panel_of("networkShape=" + ",".join("5" * 50)).hidden) == 8
    assert (panel_of("batchSize=100").batch_size, panel_of("batchSize=1e9").batch_size) == (100, 2000)
    assert data_of("noise=900").noise == 0.5


@QUICK
@given(text=st.text())
@example("&=&==&#&a=\ud800&networkShape=,,,&noise=1e400")
@example("https://[::1/#x=1")
def test_any_text_opens(text: str) -> None:
    for link in (text, "https://playground.tensorflow.org/#" + text, text + "&networkShape=" + text):
        is_tf(link)
        answer = opened(link)
        json.dumps(answer)
        assert links.decode(answer["link"]) == (decode(link, answer_seed(answer)).experiment, [])


def answer_seed(answer: dict[str, Any]) -> str:
    return links.decode(answer["link"])[0].data.tf_seed


KEYS = st.sampled_from([*tf_links._ONLY_THEIRS, "dataset", "noise", "seed", *(name + "_hide" for name in HIDE), "v"])
VALUES = st.one_of(
    st.sampled_from("true false tanh L1 L2 none gauss reg-gauss regression 4,2 1e5 -3 0x10 1e-9 , %2C nan".split()),
    st.integers(-5, 200).map(str),
    st.floats(allow_nan=True).map(str),
    st.text(max_size=5),
)


@QUICK
@given(pairs=st.lists(st.tuples(KEYS, VALUES), max_size=30))
def test_whatever_its_keys_hold_can_be_shown_and_kept(pairs: list[tuple[str, str]]) -> None:
    link = "https://playground.tensorflow.org/#" + "&".join(f"{key}={value}" for key, value in pairs)
    answer = opened(link)
    assert links.decode(answer["link"])[1] == []
    for notice in answer["notices"]:
        assert "{" not in notice["message"].replace(str(notice["params"].get("value")), "")


# ---- writing ----


@st.composite
def expressible(draw: Any) -> Experiment:
    """An experiment that a link there can hold."""
    values, zero = draw(st.booleans()), draw(st.booleans())
    activation = draw(st.sampled_from([Tanh(), ReLU(), Sigmoid(), Linear()]))
    regularizer = draw(st.sampled_from([None, L1, L2]))
    strength = draw(st.sampled_from([0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]))
    chosen = draw(st.sets(st.sampled_from(sorted(FEATURES)), min_size=1))
    datasets = [Plane(), Bumps()] if values else [Circle(), Xor(), Gaussian(), Spiral()]
    data = DataSpec(
        dataset=draw(st.sampled_from(datasets)),
        noise=draw(st.integers(0, 50)) / 100,
        samples=1200 if values else 500,
        train_share=draw(st.integers(10, 90)) / 100,
        tf_seed=draw(
            st.one_of(st.integers(0, 99999).map(lambda n: f"{n / 1e5:.5f}"), st.sampled_from(["a", "%20", "#"]))
        ),
    )
    panel = NetworkSpec(
        hidden=tuple(HiddenLayer(width, activation) for width in draw(st.lists(st.integers(1, 128), max_size=8))),
        regularizers=(regularizer(strength),) if regularizer else (),
        learning_rate=draw(st.one_of(st.floats(1e-5, 10), st.sampled_from([1e-5, 0.03, 10.0]))),
        batch_size=draw(st.integers(1, 50)),
        loss=SquaredError() if values else SquaredTanh(),
        initializer=Zeros() if zero else Uniform(0.5),
        bias=0.0 if zero else 0.1,
        features=tuple(feature for name, feature in FEATURES.items() if name in chosen),
        preprocessing=NoPreprocessing(),
    )
    return Experiment(data, (panel,))


@QUICK
@given(experiment=expressible())
def test_what_it_can_express_goes_there_and_back(experiment: Experiment) -> None:
    link, reasons = encode(experiment)
    assert reasons == []
    assert link is not None
    assert is_tf(link)
    assert decode(link, "").experiment == experiment


@QUICK
@given(data=st.data())
def test_any_experiment_has_a_link_there_or_a_reason(experiments: Any, data: Any) -> None:
    experiment = data.draw(experiments)
    for lang in LANGUAGES:
        answer = exported(experiment, lang)
        assert (answer["link"] is None) == bool(answer["reasons"])
        assert all(reason.strip() for reason in answer["reasons"])


def test_shares_are_written_as_whole_percents() -> None:
    for percent in range(10, 51):
        data = replace(DEFAULT.data, noise=percent / 100, train_share=percent / 100)
        link, _ = encode(replace(DEFAULT, data=data))
        assert link is not None
        assert f"&noise={percent}&" in link
        assert f"&percTrainData={percent}&" in link


def test_all_subsets_of_the_inputs_go_there_and_back() -> None:
    base = DEFAULT.panels[0]
    for count in range(1, len(FEATURES) + 1):
        for features in combinations(FEATURES.values(), count):
            experiment = replace(DEFAULT, panels=(replace(base, features=features),))
            link, _ = encode(experiment)
            assert link is not None
            assert decode(link, "").experiment == experiment


def test_speed_and_an_idle_seed_do_not_matter_and_an_automatic_loss_is_spelled_out() -> None:
    wanted, _ = encode(DEFAULT)
    assert encode(replace(DEFAULT, speed=3.0, data=replace(DEFAULT.data, seed=7)))[0] == wanted
    values = replace(DEFAULT.data, dataset=Plane(), samples=1200)
    spelled, automatic = (
        encode(Experiment(values, (replace(DEFAULT.panels[0], loss=loss),)))[0]
        for loss in (SquaredError(), AutomaticLoss())
    )
    assert spelled == automatic is not None


@pytest.mark.parametrize(
    ("data", "panel", "code", "word"),
    [
        ({"tf_seed": ""}, {}, "tf_not_its_seed", "seed"),
        ({"tf_seed": "a&b=c"}, {}, "tf_not_there", "a&b=c"),
        ({"tf_seed": "a b"}, {}, "tf_not_there", "a b"),
        ({"dataset": Moons()}, {}, "tf_not_there", "Moons"),
        ({"dataset": Spiral(2.0)}, {}, "tf_not_there", "turns=2"),
        ({"samples": 300}, {}, "tf_not_there", "300"),
        ({"label_noise": 0.1}, {}, "tf_not_there", "Label noise"),
        ({}, {"seed": 2}, "tf_reset", "anew"),
        ({}, {"optimizer": Adam()}, "tf_not_there", "Adam"),
        ({}, {"features": (X2(), X1())}, "tf_not_there", "x₂, x₁"),
        ({}, {"hidden": (HiddenLayer(4, Tanh()), HiddenLayer(2, ReLU()))}, "tf_not_there", "2 ReLU"),
        ({}, {"regularizers": (L1(), L2())}, "tf_not_there", "L1"),
        ({}, {"bias": 0.0}, "tf_not_there", "0"),
        ({}, {"batch_norm": True}, "tf_not_there", "on"),
        ({}, {"batch_size": 251}, "tf_batch", "250"),
    ],
)
def test_what_it_cannot_express_has_one_reason(data: Any, panel: Any, code: str, word: str) -> None:
    experiment = Experiment(replace(DEFAULT.data, **data), (replace(DEFAULT.panels[0], **panel),))
    link, reasons = encode(experiment)
    assert link is None
    assert [reason.code for reason in reasons] == [code]
    assert word in reasons[0].sentence("en")


def test_several_networks_do_not_fit_into_a_link_there() -> None:
    link, reasons = encode(replace(DEFAULT, panels=DEFAULT.panels * 2))
    assert (link, [reason.code for reason in reasons]) == (None, ["tf_one_network"])


def test_every_sentence_about_its_links_is_used() -> None:
    source = Path(tf_links.__file__).read_text("utf-8")
    for key in strings("en"):
        if key.startswith("notice.tf_"):
            assert f'"{key.removeprefix("notice.")}"' in source


# ---- training ----


def link_of(options: dict[str, Any]) -> str:
    """The link of a case of the figures."""
    state = {
        "activation": options["act"].lower(),
        "regularization": options["reg"] or "none",
        "regularizationRate": options["rr"],
        "batchSize": options["bs"],
        "learningRate": options["lr"],
        "noise": options["noise"],
        "networkShape": ",".join(map(str, options["shape"])),
        "seed": options["seed"],
        "percTrainData": options["perc"],
        "problem": "regression" if options["problem"] == "r" else "classification",
        "regDataset" if options["problem"] == "r" else "dataset": options["ds"],
        **{name: str(name in options["feat"]).lower() for name in FEATURES},
    }
    return "https://playground.tensorflow.org/#" + "&".join(f"{key}={value}" for key, value in state.items())


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["options"]["ds"] + str(case["options"]["reg"]))
def test_the_shell_prints_the_losses_there(shell: Any, case: Any) -> None:
    code, out, err = shell("train", link_of(case["options"]), "--at", ",".join(map(str, case["epochs"])), "--json")
    assert (code, err) == (0, "")
    (network,) = json.loads(out)["networks"]
    for name, place in (("train_loss", 0), ("test_loss", 1)):
        assert network[name] == pytest.approx([losses[place] for losses in case["losses_train_test"]], rel=0, abs=1e-9)


def test_our_link_of_one_of_theirs_trains_alike(shell: Any) -> None:
    theirs = link_of(GOLDEN["cases"][2]["options"])
    options = ("--at", "0,3", "--json")
    assert shell("train", opened(theirs)["link"], *options)[1] == shell("train", theirs, *options)[1]


def test_the_shell_says_what_it_left_out(shell: Any) -> None:
    code, out, err = shell("train", "#activation=gelu&seed=1", "--epochs", "1", "--json")
    assert code == 0
    assert "activation=gelu" in err
    assert json.loads(out)["epochs"] == [0, 1]


def test_a_checkpoint_of_such_a_run_goes_on_alike(driver: Any) -> None:
    theirs = link_of(GOLDEN["cases"][2]["options"] | {"bs": 9, "rr": 0.03})  # remainders, and links that die
    session = driver(opened(theirs)["link"]).session
    trainer = session.panels[0].trainer
    trainer.advance(20.5, 10_000)
    assert trainer.dead.any()
    message = session.checkpoint()
    (other,) = checkpoint.decode(message).trainers
    for one in (trainer, other):
        one.advance(23, 10_000)
    np.testing.assert_array_equal(other.network.parameters, trainer.network.parameters)
    np.testing.assert_array_equal(other.dead, trainer.dead)
