"""Training of many networks of one shape at once: minibatches, Adam and early stopping.

Each step of the whole is one step of every member, on its own minibatch of its own epoch. A member
leaves when its training ends. So the result of a member does not depend on the other members, apart
from rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.optim.adam import adam

from estimators.networks.ensemble_network import (
    Architecture,
    Parameters,
    draw_parameters,
    gradient_of_squared_error,
    head_rows,
    squared_error,
    stack,
)


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the training.

    Attributes
    ----------
    learning_rate
        Step size of Adam (Kingma and Ba 2015).
    l2
        The penalty is ``l2 / 2`` times the sum of the squared weights.
    batch_size
        Rows in a minibatch.
    validation_fraction
        Share of the rows of each arm that is held out for early stopping.
    patience
        Training stops when the validation loss has not improved in more epochs than this.
    min_updates
        Steps before the validation loss is computed for the first time.
    max_epochs
        Epochs after which training always stops.
    """

    learning_rate: float
    l2: float
    batch_size: int
    validation_fraction: float
    patience: int
    min_updates: int
    max_epochs: int


@dataclass(frozen=True)
class TrainingData:
    """The rows of one member: x of shape (n, p), arm and y of shape (n,), and its seed.

    An arm has either no row or at least two.
    """

    x: np.ndarray
    arm: np.ndarray
    y: np.ndarray
    seed: int


@dataclass(frozen=True)
class TrainedNetwork:
    """One trained network.

    Attributes
    ----------
    parameters
        Parameters after the last step, in main memory, with a first axis of length 1.
    epochs
        Number of passes over the data.
    validation_loss
        The last validation loss, penalty included; infinite or NaN if training diverged.
    """

    parameters: Parameters
    epochs: int
    validation_loss: float


class _Member:
    """The random choices of one network: initial values, split and minibatches."""

    def __init__(
        self, data: TrainingData, architecture: Architecture, settings: TrainingSettings
    ) -> None:
        self._generator = torch.Generator().manual_seed(data.seed)
        self.initial = draw_parameters(architecture, self._generator)
        train, validation = self._split(data.arm, settings.validation_fraction)
        # Sorted by arm, so that each head is computed on few rows of the other arm.
        validation = validation[np.argsort(data.arm[validation], kind="stable")]
        self.x, self.arm, self.y = data.x[train], data.arm[train], data.y[train]
        self.x_validation, self.y_validation = data.x[validation], data.y[validation]
        self.validation_controls = int(np.sum(data.arm[validation] == 0))
        n = len(train)
        self._batch_size = min(settings.batch_size, n)
        # The rows after the last whole batch form a batch if they fill half of one. Otherwise they
        # are left out of this epoch, as in CATENets.
        self.batches = max(1, round(n / self._batch_size))
        self.epoch = 0
        self.best = np.inf
        self.failures = 0

    def _permutation(self, n: int) -> np.ndarray:
        return torch.randperm(n, generator=self._generator).numpy()

    def _split(self, arm: np.ndarray, fraction: float) -> tuple[np.ndarray, np.ndarray]:
        train, validation = [], []
        for value in np.unique(arm):
            rows = np.flatnonzero(arm == value)
            rows = rows[self._permutation(len(rows))]
            held_out = min(max(1, round(fraction * len(rows))), len(rows) - 1)
            validation.append(rows[:held_out])
            train.append(rows[held_out:])
        return np.concatenate(train), np.concatenate(validation)

    def minibatches(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw the next epoch: row numbers (batches, width), numbers of controls, and sizes.

        In each minibatch the controls come first. Row numbers after its size are padding.
        """
        order = self._permutation(len(self.arm))[: self.batches * self._batch_size]
        batch = np.arange(len(order)) // self._batch_size
        order = order[np.argsort(2 * batch + self.arm[order], kind="stable")]
        rows = np.zeros((self.batches, self._batch_size), dtype=np.int64)
        rows.flat[: len(order)] = order
        sizes = np.bincount(batch, minlength=self.batches)
        controls = np.bincount(batch[self.arm[order] == 0], minlength=self.batches)
        return rows, controls, sizes

    def is_done(self, loss: float, settings: TrainingSettings) -> bool:
        """Return True if training ends after this validation loss."""
        if not np.isfinite(loss):
            return True
        if loss < self.best:
            self.best, self.failures = loss, 0
        else:
            self.failures += 1
        return self.failures > settings.patience


def train(
    data: Sequence[TrainingData],
    architecture: Architecture,
    settings: TrainingSettings,
    device: torch.device,
) -> list[TrainedNetwork]:
    """Train one network for each element of ``data``, all at once; return them in the same order.

    The weights are those after the last step, not those with the smallest validation loss, as in
    CATENets (Curth and van der Schaar 2021). The seed of each member decides its random choices.
    """
    with torch.no_grad():
        return _Run(data, architecture, settings, device).finish()


class _Run:
    """State of one call of `train`; arrays hold the members that are still in training."""

    def __init__(
        self,
        data: Sequence[TrainingData],
        architecture: Architecture,
        settings: TrainingSettings,
        device: torch.device,
    ) -> None:
        self._architecture, self._settings, self._device = architecture, settings, device
        self._members = [_Member(one, architecture, settings) for one in data]
        self._active = list(range(len(data)))
        self._trained: dict[int, TrainedNetwork] = {}
        self._parameters = stack([member.initial for member in self._members], device)
        self._first_moments, self._second_moments = (self._parameters.like() for _ in range(2))
        # Adam counts the steps of each tensor.
        self._steps = {
            part: [torch.zeros((), device=device) for _ in architecture.shapes]
            for part in ("weights", "biases")
        }
        self._x = self._padded([member.x for member in self._members])
        self._y = self._padded([member.y for member in self._members])
        self._x_validation = self._padded([member.x_validation for member in self._members])
        self._y_validation = self._padded([member.y_validation for member in self._members])
        # Number of minibatches in an epoch of each member, and index of the next one.
        self._batches = np.array([member.batches for member in self._members])
        self._next = np.zeros(len(data), dtype=np.int64)
        most, width = int(self._batches.max()), min(settings.batch_size, self._x.shape[1])
        self._rows = np.zeros((len(data), most, width), dtype=np.int64)
        self._controls, self._sizes = (np.zeros((len(data), most), np.int64) for _ in range(2))
        for slot in range(len(data)):
            self._draw_epoch(slot)

    def _padded(self, parts: list[np.ndarray]) -> torch.Tensor:
        """Stack arrays of different lengths, padded with zeros."""
        longest = max(map(len, parts))
        stacked = np.zeros((len(parts), longest, *parts[0].shape[1:]), dtype=np.float32)
        for slot, part in enumerate(parts):
            stacked[slot, : len(part)] = part
        return torch.from_numpy(stacked).to(self._device)

    def _draw_epoch(self, slot: int) -> None:
        """Draw the minibatches of the next epoch of the member in that slot."""
        rows, controls, sizes = self._members[self._active[slot]].minibatches()
        self._rows[slot, : len(rows), : rows.shape[1]] = rows
        self._controls[slot, : len(rows)] = controls
        self._sizes[slot, : len(rows)] = sizes
        self._next[slot] = 0

    def finish(self) -> list[TrainedNetwork]:
        """Take steps until the training of every member has ended."""
        while self._active:
            self._step()
            ended = np.flatnonzero(self._next == self._batches).tolist()
            if ended:
                self._end_epochs(ended)
        return [self._trained[number] for number in range(len(self._members))]

    def _step(self) -> None:
        slots = np.arange(len(self._active))
        sizes = torch.from_numpy(self._sizes[slots, self._next])
        controls = torch.from_numpy(self._controls[slots, self._next])
        rows = torch.from_numpy(self._rows[slots, self._next, : int(sizes.max())]).to(self._device)
        members = torch.from_numpy(slots)[:, None].to(self._device)
        heads = head_rows(self._architecture, controls, sizes, self._device)
        x, y = self._x[members, rows], self._y[members, rows]
        self._adam(gradient_of_squared_error(self._architecture, self._parameters, x, y, heads))
        self._next += 1

    def _adam(self, gradient: Parameters) -> None:
        for part, decay in (("weights", self._settings.l2), ("biases", 0.0)):
            adam(
                getattr(self._parameters, part),
                getattr(gradient, part),
                getattr(self._first_moments, part),
                getattr(self._second_moments, part),
                [],
                self._steps[part],
                fused=True,
                amsgrad=False,
                beta1=0.9,
                beta2=0.999,
                lr=self._settings.learning_rate,
                weight_decay=decay,
                eps=1e-8,
                maximize=False,
            )

    def _end_epochs(self, ended: list[int]) -> None:
        """Validate the members whose epoch ended, and remove those whose training has ended."""
        validated = []
        for slot in ended:
            member = self._members[self._active[slot]]
            member.epoch += 1
            updates = member.epoch * member.batches
            if updates > self._settings.min_updates or member.epoch == self._settings.max_epochs:
                validated.append(slot)
        losses = dict(zip(validated, self._validation_losses(validated), strict=True))
        leaving = []
        for slot in ended:
            number = self._active[slot]
            member = self._members[number]
            done = slot in losses and member.is_done(losses[slot], self._settings)
            if done or member.epoch == self._settings.max_epochs:
                leaving.append(slot)
                only = torch.tensor([slot], device=self._device)
                self._trained[number] = TrainedNetwork(
                    self._parameters.of(only).to("cpu"), member.epoch, losses[slot]
                )
            else:
                self._draw_epoch(slot)
        if leaving:
            self._keep([slot for slot in range(len(self._active)) if slot not in leaving])

    def _validation_losses(self, slots: list[int]) -> list[float]:
        """Validation loss of the members in those slots, penalty included."""
        if not slots:
            return []
        parameters, x, y = self._parameters, self._x_validation, self._y_validation
        if len(slots) < len(self._active):
            which = torch.tensor(slots, device=self._device)
            parameters, x, y = parameters.of(which), x[which], y[which]
        members = [self._members[self._active[slot]] for slot in slots]
        controls = torch.tensor([member.validation_controls for member in members])
        sizes = torch.tensor([len(member.y_validation) for member in members])
        heads = head_rows(self._architecture, controls, sizes, self._device)
        x, y = x[:, : int(sizes.max())], y[:, : int(sizes.max())]
        loss = squared_error(self._architecture, parameters, x, y, heads)
        return (loss + 0.5 * self._settings.l2 * parameters.squares()).tolist()

    def _keep(self, slots: list[int]) -> None:
        """Remove all members but those in these slots."""
        which = torch.tensor(slots, dtype=torch.int64, device=self._device)
        self._active = [self._active[slot] for slot in slots]
        self._parameters = self._parameters.of(which)
        self._first_moments = self._first_moments.of(which)
        self._second_moments = self._second_moments.of(which)
        self._x, self._y = self._x[which], self._y[which]
        self._x_validation = self._x_validation[which]
        self._y_validation = self._y_validation[which]
        self._batches, self._next = self._batches[slots], self._next[slots]
        self._rows = self._rows[slots]
        self._controls, self._sizes = self._controls[slots], self._sizes[slots]
