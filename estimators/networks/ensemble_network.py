"""Many networks of one shape, computed as one: the first axis of each array is that of the members.

Gradients come from autograd on the batched computation. ``torch.func.vmap`` over the gradient of
one member gives the same numbers, but on a CPU a gradient then takes 1.6 to 2.2 times as long:
these networks are small, and each function transform costs about 2 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch

#: Standard deviation of a standard normal variable truncated at -2 and 2.
TRUNCATED_NORMAL_SD = 0.87962566
BIAS_SD = 0.01


@dataclass(frozen=True)
class Architecture:
    """A trunk of ELU layers for all rows, and one or two heads with one linear output each.

    With two heads, the first predicts the outcome of the controls and the second that of the
    treated.

    Attributes
    ----------
    inputs
        Number of covariates.
    trunk, head
        Widths of the hidden layers.
    heads
        1 or 2.
    """

    inputs: int
    trunk: tuple[int, ...]
    head: tuple[int, ...]
    heads: int

    @property
    def trunk_shapes(self) -> list[tuple[int, int]]:
        return list(pairwise((self.inputs, *self.trunk)))

    @property
    def head_shapes(self) -> list[tuple[int, int]]:
        entry = self.trunk[-1] if self.trunk else self.inputs
        return list(pairwise((entry, *self.head, 1)))

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer: those of the trunk, then of each head."""
        return self.trunk_shapes + self.head_shapes * self.heads

    def head_layers(self, head: int) -> slice:
        """Position of the layers of a head in ``shapes``."""
        start = len(self.trunk_shapes) + head * len(self.head_shapes)
        return slice(start, start + len(self.head_shapes))


@dataclass
class Parameters:
    """Weights (members, inputs, outputs) and biases (members, 1, outputs) of each layer."""

    weights: list[torch.Tensor]
    biases: list[torch.Tensor]

    def like(self) -> Parameters:
        """Zeros of the same shapes."""
        return Parameters(
            [torch.zeros_like(w) for w in self.weights], [torch.zeros_like(b) for b in self.biases]
        )

    def of(self, members: torch.Tensor) -> Parameters:
        """A copy of some members, in the order of ``members``, their indices."""
        return Parameters(
            [w.index_select(0, members) for w in self.weights],
            [b.index_select(0, members) for b in self.biases],
        )

    def to(self, device: torch.device | str) -> Parameters:
        return Parameters([w.to(device) for w in self.weights], [b.to(device) for b in self.biases])

    def layers(self, which: slice) -> Parameters:
        return Parameters(self.weights[which], self.biases[which])

    def squares(self) -> torch.Tensor:
        """Sum of the squared weights of each member, without biases, shape (members,)."""
        return torch.stack([w.square().sum(dim=(1, 2)) for w in self.weights]).sum(0)


def draw_parameters(architecture: Architecture, generator: torch.Generator) -> Parameters:
    """Draw initial values of one member: truncated normal weights (Glorot and Bengio 2010).

    Weights are cut off at two standard deviations. Biases are normal with standard deviation 0.01,
    as in CATENets.
    """
    weights, biases = [], []
    for inputs, outputs in architecture.shapes:
        scale = (2 / (inputs + outputs)) ** 0.5 / TRUNCATED_NORMAL_SD
        weight = torch.empty(1, inputs, outputs)
        torch.nn.init.trunc_normal_(
            weight, std=scale, a=-2 * scale, b=2 * scale, generator=generator
        )
        weights.append(weight)
        biases.append(BIAS_SD * torch.randn(1, 1, outputs, generator=generator))
    return Parameters(weights, biases)


def stack(members: Sequence[Parameters], device: torch.device) -> Parameters:
    """Join the parameters of the members along the first axis."""
    return Parameters(
        [torch.cat(layer).to(device) for layer in zip(*(m.weights for m in members), strict=True)],
        [torch.cat(layer).to(device) for layer in zip(*(m.biases for m in members), strict=True)],
    )


def _hidden(layers: Parameters, x: torch.Tensor) -> torch.Tensor:
    """Output of ELU layers, shape (members, rows, width)."""
    for weight, bias in zip(layers.weights, layers.biases, strict=True):
        x = torch.nn.functional.elu_(torch.baddbmm(bias, x, weight))
    return x


def _head_output(layers: Parameters, representation: torch.Tensor) -> torch.Tensor:
    """Output of one head, shape (members, rows)."""
    inner = _hidden(layers.layers(slice(0, -1)), representation)
    return torch.baddbmm(layers.biases[-1], inner, layers.weights[-1])[..., 0]


def _representation(
    architecture: Architecture, parameters: Parameters, x: torch.Tensor
) -> torch.Tensor:
    return _hidden(parameters.layers(slice(0, len(architecture.trunk_shapes))), x)


@dataclass(frozen=True)
class HeadRows:
    """The rows that one head predicts; the rows of a member are sorted by arm.

    Attributes
    ----------
    rows
        A slice that contains the rows of every member.
    weights
        Weight of each row in the mean squared error of its member, shape (members, rows). It is 0
        for rows of the other arm and for padding.
    """

    rows: slice
    weights: torch.Tensor


def head_rows(
    architecture: Architecture, controls: torch.Tensor, sizes: torch.Tensor, device: torch.device
) -> list[HeadRows]:
    """Assign the rows of each arm to its head.

    ``controls`` and ``sizes`` have shape (members,) and are in main memory. The first rows of a
    member are its controls, its treated rows follow, and rows from its size on are padding.
    """
    position = torch.arange(int(sizes.max()))
    if architecture.heads == 1:
        bounds = [(torch.zeros_like(sizes), sizes)]
    else:
        bounds = [(torch.zeros_like(sizes), controls), (controls, sizes)]
    heads = []
    for start, stop in bounds:
        rows = slice(int(start.min()), int(stop.max()))
        inside = (position >= start[:, None]) & (position < stop[:, None])
        weights = inside[:, rows] / sizes[:, None]
        heads.append(HeadRows(rows, weights.to(device, torch.float32)))
    return heads


def squared_error(
    architecture: Architecture,
    parameters: Parameters,
    x: torch.Tensor,
    y: torch.Tensor,
    heads: list[HeadRows],
) -> torch.Tensor:
    """Mean squared error of each member on its rows, shape (members,).

    ``x`` has shape (members, rows, inputs), ``y`` (members, rows).
    """
    representation = _representation(architecture, parameters, x)
    total = torch.zeros(len(x), device=x.device)
    for number, head in enumerate(heads):
        layers = parameters.layers(architecture.head_layers(number))
        error = _head_output(layers, representation[:, head.rows]) - y[:, head.rows]
        total = total + (error.square() * head.weights).sum(1)
    return total


def gradient_of_squared_error(
    architecture: Architecture,
    parameters: Parameters,
    x: torch.Tensor,
    y: torch.Tensor,
    heads: list[HeadRows],
) -> Parameters:
    """Gradient of `squared_error` of each member by its own parameters, by autograd.

    No member's error depends on the parameters of another, so the gradient of the sum over members
    holds each member's gradient.
    """
    leaves = Parameters(
        [w.detach().requires_grad_() for w in parameters.weights],
        [b.detach().requires_grad_() for b in parameters.biases],
    )
    with torch.enable_grad():
        total = squared_error(architecture, leaves, x, y, heads).sum()
    gradients = torch.autograd.grad(total, [*leaves.weights, *leaves.biases])
    count = len(leaves.weights)
    return Parameters(list(gradients[:count]), list(gradients[count:]))


def predict(architecture: Architecture, parameters: Parameters, x: torch.Tensor) -> torch.Tensor:
    """Predictions of each head for every row, shape (heads, members, rows)."""
    representation = _representation(architecture, parameters, x)
    heads = (architecture.head_layers(number) for number in range(architecture.heads))
    return torch.stack([_head_output(parameters.layers(head), representation) for head in heads])
