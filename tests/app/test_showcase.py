"""Every component has a link that shows it: complete, without a notice, and training."""

import json
from typing import Any

import pytest

from app.showcase import showcase
from engine import CATALOG
from engine.component import Component

COMPONENTS = [cls for registry in CATALOG.values() for cls in registry.values()]


@pytest.mark.parametrize("cls", COMPONENTS, ids=lambda cls: f"{cls.family}-{cls.id}")
def test_the_link_shows_the_component_and_trains(cls: type[Component], driver: Any) -> None:
    talk = driver(showcase(cls))
    assert not driver.of("error", talk.seen) and not driver.of("notice", talk.seen)
    assert json.dumps(cls.id) in json.dumps(driver.of("state", talk.seen)[-1]["experiment"])
    assert not driver.of("error", talk.train(1)) and talk.session.position >= 1
