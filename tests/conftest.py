"""What holds for all tests."""

import os

from hypothesis import HealthCheck, settings

# How long an example takes says something about the machine, and nothing about the code.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are cores: in a browser a test waits as often as it computes."""
    return (os.cpu_count() or 1) * 3 // 2
