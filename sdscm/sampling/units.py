"""Units: sampled individuals in one world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sdscm.arguments import shown
from sdscm.display import html_card, html_note, html_table
from sdscm.errors import InputError
from sdscm.sampling.interventions import code_of, variable_of
from sdscm.sampling.noise import Noise
from sdscm.spec import PhrasedSpec

_SHOWN = 3  # units in a notebook


@dataclass(frozen=True, eq=False)
class Units:
    """Units in one world: the observed world, or one after an intervention.

    Attributes
    ----------
    phrased
        The phrased spec of the units.
    codes : DataFrame of shape (n, number of variables)
        Position of each unit's value in each variable's domain; columns in the order tau.
    log_probabilities : for each variable, an array of shape (n, size of its domain)
        The variable's mechanism in this world, log P(value | the unit's parents).
    noise
        The units' exogenous noise.
    do
        Names of the variables that were set; empty in the observed world.
    log_weights : array of shape (n,), optional
        Importance weights; None for equal weights.
    origin
        Language model, revision, temperature, scoring and dials of the sampler.

    Examples
    --------
    >>> units = sdscm.SDSCM("headache", "tabular:0").sample(50)
    >>> units
    <Units: 50 of headache, phrasing 0>
    >>> units.labels["season"].value_counts().to_dict()
    {'summer': 17, 'winter': 13, 'spring': 12, 'autumn': 8}
    >>> units.text[0].split(". ")[-1]
    'An hour later she felt worse.'
    """

    phrased: PhrasedSpec
    codes: pd.DataFrame
    log_probabilities: Mapping[str, np.ndarray]
    noise: Noise
    do: tuple[str, ...] = ()
    log_weights: np.ndarray | None = None
    origin: tuple[str | float, ...] = ()

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        spec, do = self.phrased.spec, f", do={', '.join(self.do)}" if self.do else ""
        return f"<Units: {len(self):,} of {spec.name}, phrasing {self.phrased.number}{do}>"

    def _repr_html_(self) -> str:
        few = self.take(np.arange(min(_SHOWN, len(self))))
        world = f"after do({', '.join(self.do)})" if self.do else "observed world"
        return html_card(
            f"Units: {len(self):,} of {self.phrased.spec.name}",
            f"phrasing {self.phrased.number}, {world}",
            html_table(["", *few.labels], [(i, *row) for i, row in enumerate(few.labels.values)]),
            html_table(["", "text"], enumerate(few.text)),
            html_note(f"the first {len(few)} of {len(self):,} units" * (len(few) < len(self))),
        )

    @property
    def labels(self) -> pd.DataFrame:
        """The values as text, of the shape of ``codes``."""
        spec = self.phrased.spec
        columns = {}
        for name in spec.order:
            values = spec.variable(name).values
            columns[name] = [values[code] for code in self.codes[name]]
        return pd.DataFrame(columns)

    @property
    def text(self) -> pd.Series:
        """All sentences of each unit in the order tau, of shape (n,)."""
        return self.text_of(self.phrased.spec.order)

    def text_of(self, names: Sequence[str]) -> pd.Series:
        """The sentences of some variables of each unit, in the order given, of shape (n,).

        Examples
        --------
        >>> units = sdscm.SDSCM("headache", "tabular:0").sample(50)
        >>> units.text_of(["season", "weather"])[0]
        'It is spring. The weather is warm.'
        """
        columns = [self.codes[name].to_numpy() for name in names]
        sentences = [
            [self.phrased.sentence(name, code) for code in range(int(codes.max()) + 1)]
            for name, codes in zip(names, columns, strict=True)
        ]
        texts = [
            " ".join(each[code] for each, code in zip(sentences, row, strict=True))
            for row in zip(*columns, strict=True)
        ]
        return pd.Series(texts, name="text")

    @property
    def weights(self) -> np.ndarray:
        """Weights that sum to 1, of shape (n,)."""
        if self.log_weights is None:
            return np.full(len(self), 1 / len(self))
        scaled = np.exp(self.log_weights - self.log_weights.max())
        return np.asarray(scaled / scaled.sum())

    def take(self, rows: np.ndarray) -> Units:
        """Some of the units, by their row numbers, or by a mask of shape (n,).

        Examples
        --------
        >>> units = sdscm.SDSCM("headache", "tabular:0").sample(50)
        >>> len(units.take(units.labels["season"] == "winter"))
        13
        """
        rows = np.asarray(rows)
        if rows.ndim != 1 or rows.dtype.kind not in "iub":
            raise InputError(f"take: {shown(rows)}: give row numbers, or True and False")
        return replace(
            self,
            codes=self.codes.iloc[rows].reset_index(drop=True),
            log_probabilities={n: logs[rows] for n, logs in self.log_probabilities.items()},
            noise=self.noise.rows(rows),
            log_weights=None if self.log_weights is None else self.log_weights[rows],
        )

    def log_probability(self, name: str, value: str) -> np.ndarray:
        """log P(variable = value | the unit's parents) in this world, of shape (n,).

        Examples
        --------
        >>> units = sdscm.SDSCM("headache", "tabular:0").sample(3)
        >>> units.log_probability("feeling", "worse").round(3).tolist()
        [-0.142, -0.826, -0.271]
        """
        variable = variable_of(self.phrased.spec, name, "log_probability")
        code = code_of(variable, value, "log_probability")
        return self.log_probabilities[name][:, code]


def join(parts: Sequence[Units], noise: Noise) -> Units:
    """Parts of one sample as one; ``noise`` is that of all parts together."""
    return replace(
        parts[0],
        codes=pd.concat([part.codes for part in parts], ignore_index=True),
        log_probabilities={
            name: np.concatenate([part.log_probabilities[name] for part in parts])
            for name in parts[0].log_probabilities
        },
        noise=noise,
    )
