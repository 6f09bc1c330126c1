"""Compare the reference's scoring of texts with the definition, on the embedded language model.

The paper defines P(v | parents) by the log-probability of the sentence (section 3). The reference's
code feeds the context, then each value behind the context's cache, and takes the mean over the
value's tokens of their log-probability at the value's last position: that is after the value, not
before it. In versions of transformers whose cache grows in place, the model also reads each value
behind the values before it.

    python examples/paper_studies/scoring.py --rows 10
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from shared import parser, positive, say_table, script

from sdscm import load_lm, load_spec
from sdscm.lm.backends.embedded import EMBEDDED
from sdscm.lm.interface import Choice, LanguageModel
from sdscm.lm.load import DEFAULT_LM
from sdscm.sampling.scoring import SCORINGS, domain_log_probabilities
from sdscm.sampling.units import Units
from sdscm.scm import SDSCM
from sdscm.spec import Spec


def compare(spec: Spec, lm: LanguageModel, folder: str, rows: int, seed: int = 0) -> pd.DataFrame:
    """Compute distances between the distributions over domains that four ways of scoring give.

    Parameters
    ----------
    spec
        Its units are drawn by the definition, and each variable is scored given their parents.
    lm
        The language model of the first two ways.
    folder
        Where transformers finds the same model, for the other two.
    rows
        Units.
    seed
        Of the units.

    Returns
    -------
    A row for each variable that has parents, with the number of distinct ``contexts``, and the mean
    total variation distance (0 to 1) over them of three pairs: ``after the value`` (reference,
    definition), ``growing cache`` (growing, reference), ``order of values`` (growing, the same in
    reverse); and ``other mode``, the share of contexts in which the most likely value of the
    reference is not that of the definition.
    """
    scm = SDSCM(spec, lm)
    units = scm.sample(rows, seed)
    growing = _Growing(folder)
    found = []
    for name, choices in _choices(scm, units):
        definition, reference = (
            np.exp(domain_log_probabilities(SCORINGS[kind](lm, choices), 1.0))
            for kind in ("definition", "reference")
        )
        ahead, behind = (
            np.exp(domain_log_probabilities(growing(choices, reverse), 1.0))
            for reverse in (False, True)
        )
        found.append(
            {
                "variable": name,
                "contexts": len(choices),
                "after the value": _distance(reference, definition),
                "other mode": float(np.mean(reference.argmax(1) != definition.argmax(1))),
                "growing cache": _distance(ahead, reference),
                "order of values": _distance(ahead, behind),
            }
        )
    return pd.DataFrame(found)


def _choices(scm: SDSCM, units: Units) -> Iterator[tuple[str, list[Choice]]]:
    """The distinct choices of each variable that has parents."""
    for name in scm.spec.order:
        parents = list(scm.spec.parents(name))
        if parents:
            rows = units.codes[parents].drop_duplicates().to_numpy()
            yield name, [scm.mechanisms.choice(name, row) for row in rows]


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).sum(axis=1).mean() / 2)


class _Growing:
    """The reference's loop over values with a cache that grows in place."""

    def __init__(self, folder: str) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self._torch = torch
        with contextlib.redirect_stderr(io.StringIO()):  # the bars of transformers
            self._tokenizer = AutoTokenizer.from_pretrained(folder)
            model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self._model = model.eval()

    def __call__(self, choices: list[Choice], reverse: bool) -> np.ndarray:
        return np.stack([self._scores(choice, reverse) for choice in choices])

    def _scores(self, choice: Choice, reverse: bool) -> np.ndarray:
        before = "".join(f" {sentence}" for sentence in choice.context) + f" {choice.prefix}"
        scores = np.empty(len(choice.values))
        places = range(len(choice.values))
        with self._torch.no_grad():
            cache = self._model(self._read(before)).past_key_values
            for place in reversed(places) if reverse else places:
                tokens = self._read(choice.values[place])
                answer = self._model(tokens, past_key_values=cache)
                cache = answer.past_key_values
                last = self._torch.log_softmax(answer.logits[0, -1], dim=-1)
                scores[place] = float(last[tokens[0]].mean())
        return scores

    def _read(self, text: str) -> Any:
        return self._tokenizer(text, return_tensors="pt")["input_ids"]


@script
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script, and return its exit code."""
    made = parser(__doc__, data=False)
    made.add_argument("--rows", type=positive, default=10, help="units of the spec")
    rows = made.parse_args(arguments).rows
    folder = str(EMBEDDED[DEFAULT_LM].folder())
    say_table(compare(load_spec("breast_cancer"), load_lm(DEFAULT_LM), folder, rows), left=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
