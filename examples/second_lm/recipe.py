"""The recipe of the second embedded language model: its shape, and the course of its training."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from sdscm import scenario_names


@dataclass(frozen=True)
class Recipe:
    """Shape of the model and of its training; a step reads ``tokens`` tokens.

    The training has three parts. The model learns the sentences first. From the step
    ``values_from`` on, the tokens of values have more weight in the loss: most of the loss is the
    choice between phrasings, which nothing predicts, and with equal weights the model learns hardly
    that values depend on each other. From ``effects_from`` on, most texts end with the treatment or
    the outcome, which have the most parents and are learned last.
    """

    scenarios: tuple[str, ...] = tuple(scenario_names())
    seed: int = 0
    vocabulary: int = 2048
    hidden: int = 320
    inner: int = 896
    layers: int = 4
    window: int = 1024
    short: int = 256
    tokens: int = 2048
    steps: int = 6200
    warmup: int = 100
    decay: int = 300
    rate: float = 1.2e-3
    book_share: float = 0.125
    values_from: int = 2700
    effects_from: int = 4400
    weight: float = 20.0

    def length(self, step: int) -> int:
        """Tokens of a row: every eighth step fills the window, so that its places are trained."""
        return self.window if step % 8 == 7 else self.short

    def rows(self, step: int) -> int:
        """Number of rows."""
        return self.tokens // self.length(step)

    def books(self, step: int) -> int:
        """Number of rows that are from the book, the last ones."""
        return round(self.rows(step) * self.book_share)

    def value_weight(self, step: int) -> float:
        """Weight of a value's token in the loss; that of another token is 1."""
        return 1.0 if step < self.values_from else self.weight

    def rate_at(self, step: int) -> float:
        """Learning rate: it rises in a line, stays, and falls in a line over the last steps.

        Source: Hu et al., MiniCPM, arXiv 2404.06395, section 4. Unlike with a cosine, no step
        before the fall depends on the number of steps, so that a run can be made longer.
        """
        rising = (step + 1) / self.warmup
        falling = (self.steps - step) / self.decay
        return self.rate * min(rising, 1.0, falling)

    def state(self, step: int) -> str:
        """All that the weights after a number of steps depend on."""
        fallen = step > self.steps - self.decay
        return json.dumps({**asdict(self), "steps": self.steps if fallen else None})
