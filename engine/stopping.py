"""Early stopping: watching the loss on held-out points, and going back to the best weights."""

from typing import TYPE_CHECKING

import numpy as np

from engine.component import Array
from engine.network import Network
from engine.regularizers import EarlyStopping

if TYPE_CHECKING:
    from engine.trainer import Trainer


class Stopping:
    """Watches K networks. ``stopped`` says which have ended; they are held as they were at their best epoch, running
    averages of batch normalization included."""

    def __init__(self, network: Network) -> None:
        self.patience = 1
        self.best_loss = np.full(network.networks, np.inf)
        self.best_epoch = np.zeros(network.networks)
        self.best = network.parameters.copy()
        self.best_averages = [averages.copy() for averages in network.averages]
        self.stopped = np.zeros(network.networks, bool)

    @staticmethod
    def of(trainer: "Trainer", before: "Stopping | None") -> "Stopping | None":
        """The watch for a trainer's settings, going on from the one before; None if nothing is to be watched."""
        for regularizer in trainer.specs[0].regularizers:
            if isinstance(regularizer, EarlyStopping):
                watch = before or Stopping(trainer.network)
                watch.patience = regularizer.patience
                watch.stopped = trainer.position - watch.best_epoch >= watch.patience  # more patience: it goes on
                return watch
        return None

    def begin(self, trainer: "Trainer", network: int | None = None) -> None:
        """Watch one network, or all, from now on, as if nothing had been before: what was best has become another."""
        which = slice(None) if network is None else network
        self.best_loss[which] = np.inf
        self.best_epoch[which] = trainer.position
        self.best[which] = trainer.network.parameters[which]
        for best, averages in zip(self.best_averages, trainer.network.averages, strict=True):
            best[:, which] = averages[:, which]
        self.stopped[which] = False

    def look(self, trainer: "Trainer") -> None:
        """At the end of an epoch: note what is best so far, and stop what has not improved for too long."""
        part = trainer.validation
        network = trainer.network
        logits = trainer.logits(trainer.x[:, part])
        loss = np.asarray(trainer.loss.loss(logits, trainer.targets[:, part]))
        better = (loss < self.best_loss) & ~self.stopped
        self.best_loss[better] = loss[better]
        self.best_epoch[better] = trainer.position
        self.best[better] = network.parameters[better]
        for best, averages in zip(self.best_averages, network.averages, strict=True):
            best[:, better] = averages[:, better]
        self.stopped |= trainer.position - self.best_epoch >= self.patience

    def hold(self, network: Network) -> None:
        """After a step: put stopped networks back to their best."""
        if self.stopped.any():
            network.parameters[self.stopped] = self.best[self.stopped]
            for best, averages in zip(self.best_averages, network.averages, strict=True):
                averages[:, self.stopped] = best[:, self.stopped]

    def kept(self) -> dict[str, Array]:
        """What belongs to the state of a run."""
        return {
            "stopping.best_loss": self.best_loss,
            "stopping.best_epoch": self.best_epoch,
            "stopping.best": self.best,
            "stopping.stopped": self.stopped,
            **{f"stopping.averages.{layer}": best for layer, best in enumerate(self.best_averages)},
        }
