"""Learning-rate schedules: the family has its place in the catalog, but no member yet."""

from engine.component import Component, Registry, Text

SCHEDULES: Registry["Schedule"] = Registry("schedules", Text("Learning-rate schedule", "学习率衰减"))


class Schedule(Component):
    """A factor on the learning rate over the epochs."""

    family = "schedules"
