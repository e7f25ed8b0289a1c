"""Who may open a session."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security import origin_allowed

HERE = "playground.example:8000"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("http://playground.example:8000", True),
        ("https://playground.example:8000", True),
        ("https://school.example", True),
        ("https://school.example.evil.example", False),
        ("https://evil.example", False),
        ("http://playground.example", False),
        ("http://playground.example:80000", False),
        ("http://evil.example/playground.example:8000", False),
        ("http://evil.example#playground.example:8000", False),
        ("http://playground.example:8000@evil.example", False),
        ("http://user@playground.example:8000", False),
        ("null", False),
        ("", False),
        ("http://[", False),
    ],
)
def test_origins(origin: str | None, allowed: bool) -> None:
    assert origin_allowed(origin, HERE, ["https://school.example"]) is allowed


@given(st.text(max_size=20) | st.text(max_size=12).map(lambda text: f"http://{text}"))
def test_no_origin_makes_it_raise(origin: str) -> None:
    assert origin_allowed(origin, HERE, []) is (origin.endswith(HERE) and "//" in origin)


def test_without_a_host_no_page_is_ours() -> None:
    for host in (None, ""):
        for origin in ("null", "http://", ""):
            assert not origin_allowed(origin, host, [])
