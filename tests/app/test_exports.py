"""What is exported of a session is the session's network."""

from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from engine.export import export, tensors

EXPORTED = [
    "v=1&hidden=4,3-gelu&residual=true&batch_norm=true",
    "v=1&hidden=5-maxout&features=x1,x2,sin_x1",
    "v=1&dataset=function",
]


def asked(driver: Any, link: str, view: dict[str, Any]) -> tuple[Any, Any]:
    """A session after two epochs, and what it answers to the question for a view."""
    talk = driver(link)
    for _ in range(2):
        talk.say({"type": "epoch"})
    (answer,) = driver.of(view["id"], talk.say({"type": "ask", "panel": 0, "view": view}))
    return talk, answer


@pytest.mark.parametrize("link", EXPORTED)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_exported_program_predicts_what_the_session_predicts(driver: Any, link: str, lang: str) -> None:
    talk, answer = asked(driver, link, {"id": "program", "language": "numpy", "lang": lang})
    names: dict[str, Any] = {"__name__": "exported"}
    exec(answer.metadata["text"], names)
    points = np.random.default_rng(2).uniform(-6, 6, (50, 2))
    said = talk.session.panels[0].trainer.predict(points.T)[0].T
    np.testing.assert_allclose(names["predict"](points), said, atol=1e-6)
    assert answer.metadata["name"] == "network_numpy.py"
    assert ("第 2 轮" if lang == "zh" else "epoch 2.") in answer.metadata["text"]


@pytest.mark.parametrize("link", EXPORTED)
def test_exported_weights_are_a_safetensors_file_with_all_numbers(driver: Any, link: str) -> None:
    talk, answer = asked(driver, link, {"id": "weights"})
    found = load(answer.arrays["file"].tobytes())
    expected = tensors(export(talk.session.panels[0].trainer))
    assert set(found) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_network_too_large_for_a_program_is_refused_with_advice(driver: Any) -> None:
    talk = driver("v=1&hidden=128-maxout,128-maxout,128-maxout,128-maxout,128-maxout")
    (refusal,) = driver.of("error", talk.say({"type": "ask", "panel": 0, "view": "program"}))
    assert "Export the weights instead" in refusal["params"]["reason"]["en"]
    assert refusal["path"][0] == "view"
    assert driver.of("weights", talk.say({"type": "ask", "panel": 0, "view": "weights"}))
