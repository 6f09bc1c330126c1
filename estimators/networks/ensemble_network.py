"""Many networks of one shape, computed as one: every array has a first axis for the members.

Gradients are written by hand: on a CPU the steps are small, and automatic differentiation costs as
much as a fifth of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch

#: Standard deviation of a standard normal variable that is cut off at +-2.
TRUNCATED_NORMAL_SD = 0.87962566
BIAS_SD = 0.01


@dataclass(frozen=True)
class Architecture:
    """A trunk of ELU layers that all rows pass, and one or two heads with one linear output each.

    With two heads, the first answers for the controls and the second for the treated.

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
        """Where the layers of a head stand in ``shapes``."""
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
        """A copy of some members, in the order of their indices."""
        return Parameters(
            [w.index_select(0, members) for w in self.weights],
            [b.index_select(0, members) for b in self.biases],
        )

    def to(self, device: torch.device | str) -> Parameters:
        return Parameters([w.to(device) for w in self.weights], [b.to(device) for b in self.biases])

    def layers(self, which: slice) -> Parameters:
        return Parameters(self.weights[which], self.biases[which])

    def squares(self) -> torch.Tensor:
        """Sum of the squared weights of each member, biases left out, shape (members,)."""
        return torch.stack([w.square().sum(dim=(1, 2)) for w in self.weights]).sum(0)


def draw_parameters(architecture: Architecture, generator: torch.Generator) -> Parameters:
    """Initial values of one member: normal weights cut off at two SDs (Glorot and Bengio 2010).

    Biases are normal with SD 0.01, as in CATENets.
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
    """One set of parameters from those of the members."""
    return Parameters(
        [torch.cat(layer).to(device) for layer in zip(*(m.weights for m in members), strict=True)],
        [torch.cat(layer).to(device) for layer in zip(*(m.biases for m in members), strict=True)],
    )


def _hidden(layers: Parameters, x: torch.Tensor) -> list[torch.Tensor]:
    """The input and what each ELU layer makes of it."""
    outputs = [x]
    for weight, bias in zip(layers.weights, layers.biases, strict=True):
        z = torch.baddbmm(bias, outputs[-1], weight)
        outputs.append(torch.nn.functional.elu_(z))
    return outputs


def _chain_rule(
    layers: Parameters, outputs: list[torch.Tensor], upstream: torch.Tensor, gradient: Parameters
) -> torch.Tensor:
    """Write the layers' gradients; give that of their first pre-activation.

    ``upstream`` is the gradient of the last layer's pre-activation, ``outputs`` are the layers'
    inputs.
    """
    last = len(layers.weights) - 1
    for i in range(last, -1, -1):
        torch.bmm(outputs[i].mT, upstream, out=gradient.weights[i])
        torch.sum(upstream, 1, keepdim=True, out=gradient.biases[i])
        if i:
            upstream = _through_elu(torch.bmm(upstream, layers.weights[i].mT), outputs[i])
    return upstream


def _through_elu(upstream: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
    """The gradient before an ELU, whose derivative is 1, or its output plus 1 where negative."""
    return torch.addcmul(upstream, upstream, output.clamp(max=0))


@dataclass(frozen=True)
class HeadRows:
    """Which rows a head answers for, of rows that are sorted by arm.

    Attributes
    ----------
    rows
        A slice that holds the rows of every member.
    weights
        Weight of each row in the mean squared error of its member, shape (members, rows), 0 for
        rows of the other arm and for padding.
    """

    rows: slice
    weights: torch.Tensor


def head_rows(
    architecture: Architecture, controls: torch.Tensor, sizes: torch.Tensor, device: torch.device
) -> list[HeadRows]:
    """Give each head the rows of its arm.

    ``controls`` and ``sizes`` have shape (members,): a member's controls are its first rows,
    its treated follow, and rows from its size on are padding. They lie in main memory.
    """
    most = int(sizes.max())
    position = torch.arange(most)
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
    representation = _hidden(_trunk(architecture, parameters), x)[-1]
    total = torch.zeros(len(x), device=x.device)
    for number, head in enumerate(heads):
        layers = parameters.layers(architecture.head_layers(number))
        prediction = _answer(layers, representation[:, head.rows])[0]
        total += ((prediction - y[:, head.rows]).square_() * head.weights).sum(1)
    return total


def write_gradient(
    architecture: Architecture,
    parameters: Parameters,
    x: torch.Tensor,
    y: torch.Tensor,
    heads: list[HeadRows],
    gradient: Parameters,
) -> None:
    """Write the gradient of `squared_error` into ``gradient``; shapes as there."""
    trunk = _trunk(architecture, parameters)
    outputs = _hidden(trunk, x)
    representation = outputs[-1]
    upstream = torch.zeros_like(representation)
    for number, head in enumerate(heads):
        which = architecture.head_layers(number)
        layers = parameters.layers(which)
        prediction, inner = _answer(layers, representation[:, head.rows])
        error = (prediction - y[:, head.rows]).mul_(head.weights).mul_(2)
        first = _chain_rule(layers, inner, error[..., None], gradient.layers(which))
        upstream[:, head.rows] += torch.bmm(first, layers.weights[0].mT)
    if trunk.weights:
        gradient_of_trunk = gradient.layers(slice(0, len(trunk.weights)))
        _chain_rule(trunk, outputs, _through_elu(upstream, representation), gradient_of_trunk)


def predict(architecture: Architecture, parameters: Parameters, x: torch.Tensor) -> torch.Tensor:
    """What each head says of every row, shape (heads, members, rows)."""
    representation = _hidden(_trunk(architecture, parameters), x)[-1]
    heads = (architecture.head_layers(number) for number in range(architecture.heads))
    return torch.stack([_answer(parameters.layers(head), representation)[0] for head in heads])


def _trunk(architecture: Architecture, parameters: Parameters) -> Parameters:
    return parameters.layers(slice(0, len(architecture.trunk_shapes)))


def _answer(layers: Parameters, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """A head's output, shape (members, rows), and the inputs of its layers."""
    last = len(layers.weights) - 1
    inner = _hidden(layers.layers(slice(0, last)), x)
    answer = torch.baddbmm(layers.biases[last], inner[-1], layers.weights[last])
    return answer[..., 0], inner
