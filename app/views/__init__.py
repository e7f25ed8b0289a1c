"""The views, see `app.views.base`. A new one is one module here, imported below, and one module in `static/js`."""

from app.views import (
    difference,
    gradient_check,
    histograms,
    inside,
    landscape,
    network_file,
    point,
    results,
    seeds,
    space,
    sub_networks,
)
from app.views.base import VIEWS, Scene, Seen, View, message, view

__all__ = [
    "VIEWS",
    "Scene",
    "Seen",
    "View",
    "difference",
    "gradient_check",
    "histograms",
    "inside",
    "landscape",
    "message",
    "network_file",
    "point",
    "results",
    "seeds",
    "space",
    "sub_networks",
    "view",
]
