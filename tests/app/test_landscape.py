"""The landscape and the ways in it are the engine's."""

from typing import Any

import numpy as np

from app.views.landscape import MAX_WAY
from engine.landscape import coordinates, landscape

LINK = "v=1&samples=60&hidden=4,4&b.optimizer=adam&c.hidden=5"


def test_the_landscape_is_the_engines(driver: Any) -> None:
    talk = driver(LINK)
    talk.say({"type": "epoch"})
    view = {"id": "landscape", "seed": 3, "reach": 0.5}
    (seen,) = driver.of("landscape", talk.say({"type": "ask", "panel": 1, "view": view}))
    found = landscape(talk.session.panels[1].trainer, 3, 0.5)
    for name in ("steps", "loss", "centre", "directions"):
        np.testing.assert_array_equal(seen.arrays[name], getattr(found, name).astype(np.float32))


def test_ways_are_of_all_panels_with_the_same_shape_and_lead_to_the_middle(driver: Any) -> None:
    talk = driver(LINK)
    ids = [panel.id for panel in talk.session.panels]
    seen = driver.of("way", talk.say({"type": "look", "panel": 0, "views": ["way"]}, {"type": "epoch"}))[-1]
    assert seen.arrays["panels"].tolist() == ids[:2]
    trainers = [panel.trainer for panel in talk.session.panels]
    np.testing.assert_array_equal(seen.arrays["parameters"], [t.network.parameters[0] for t in trainers[:2]])
    places = coordinates(landscape(trainers[0], 1), seen.arrays["parameters"])
    np.testing.assert_allclose(places[0], 0, atol=1e-6)
    assert np.abs(places[1]).max() > 1e-3


def test_a_large_network_has_a_landscape_but_no_way(driver: Any) -> None:
    talk = driver("v=1&samples=60&hidden=128,128")
    (seen,) = driver.of("landscape", talk.say({"type": "ask", "panel": 0, "view": "landscape"}))
    assert seen.arrays["centre"].shape == (0,) and seen.arrays["directions"].shape == (2, 0)
    talk.say({"type": "look", "panel": 0, "views": ["way"]})
    (refusal,) = driver.of("error", talk.say({"type": "step"}))  # it comes with the frame that was to show it
    assert f"{MAX_WAY:,}" in refusal["params"]["reason"]["en"]


def test_along_the_ways_starts_and_ends_are_in_view(driver: Any) -> None:
    talk = driver(LINK)
    starts = [panel.trainer.network.parameters[0].copy() for panel in talk.session.panels[:2]]
    for _ in range(3):
        talk.say({"type": "epoch"})
    (seen,) = driver.of(
        "landscape", talk.say({"type": "ask", "panel": 0, "view": {"id": "landscape", "along": "ways"}})
    )
    ends = [panel.trainer.network.parameters[0] for panel in talk.session.panels[:2]]
    np.testing.assert_array_equal(seen.arrays["centre"], ends[0])
    away = np.stack([*starts, *ends]) - seen.arrays["centre"]
    spanned = seen.arrays["directions"]
    places = np.linalg.lstsq(spanned.T, away.T, rcond=None)[0].T
    assert 0.8 < np.abs(places).max() < 0.85
    # Start and ends are three points: all of them lie in the plane.
    np.testing.assert_allclose(places @ spanned, away, atol=1e-4)


def overflowed(talk: Any, place: int, *seeds: int) -> None:
    """Have some of a panel's networks overflow."""
    talk.session.panels[place].trainer.network.parameters[list(seeds)] = np.nan


WAYS = {"id": "landscape", "along": "ways"}


def test_a_seed_that_has_overflowed_leaves_the_landscape_to_the_others(driver: Any) -> None:
    talk = driver("v=1&samples=60&hidden=4,4&seeds=8&b.learning_rate=0.1")
    talk.say({"type": "epoch"})
    overflowed(talk, 0, 0)
    assert not driver.of("landscape", talk.say({"type": "ask", "panel": 0, "view": WAYS}))
    for panel, seed in ((0, 3), (1, 0), (1, 3)):
        (seen,) = driver.of("landscape", talk.say({"type": "ask", "panel": panel, "view": WAYS, "seed": seed}))
        own = talk.session.panels[panel].trainer.network.parameters[seed]
        np.testing.assert_array_equal(seen["centre"], own)
        assert np.isfinite(seen["loss"]).all()


def test_way_and_landscape_are_of_the_chosen_seed(driver: Any) -> None:
    talk = driver("v=1&samples=60&hidden=4,4&seeds=8&b.learning_rate=0.1")
    panels = [panel.trainer for panel in talk.session.panels]
    starts = [trainer.network.parameters[5].copy() for trainer in panels]
    talk.say({"type": "look", "panel": 0, "views": ["way"], "seed": 5})
    way = driver.of("way", talk.say({"type": "epoch"}))[-1]
    (seen,) = driver.of("landscape", talk.say({"type": "ask", "panel": 0, "view": WAYS, "seed": 5}))
    ends = [trainer.network.parameters[5] for trainer in panels]
    np.testing.assert_array_equal(way["parameters"], ends)
    np.testing.assert_array_equal(seen["centre"], ends[0])
    away = np.stack([*starts, *ends]) - seen["centre"]
    places = np.linalg.lstsq(seen["directions"].T, away.T, rcond=None)[0].T
    np.testing.assert_allclose(places @ seen["directions"], away, atol=1e-4)
    overflowed(talk, 0, 5)
    way = driver.of("way", talk.say({"type": "look", "panel": 1, "views": ["way"], "seed": 5}))[-1]
    assert way["panels"].tolist() == [talk.session.panels[1].id]
