"""Error by dial

Dials make one scenario easier or harder. Here `effect` scales the individual effects, from none
to twice the language model's own. Two methods estimate the effect of each unit; PEHE is the root
mean squared error of these estimates.
"""

import matplotlib.pyplot as plt
import numpy as np

import estimators
import sdscm

dials = [0, 1, 2]
fig, axis = plt.subplots(figsize=(7, 4))
for name, marker in {"LinReg": "o", "RF": "D"}.items():
    pehe = []
    for dial in dials:
        data = sdscm.SDSCM("tea_or_coffee", temperature=2.5, effect=dial).dataset(500)
        X = data.X.to_numpy()
        guess = estimators.get(name).fit(X, data.t, data.y).effect(X)
        pehe.append(np.sqrt(np.mean((guess - data.cate) ** 2)))
    axis.plot(dials, pehe, f"{marker}-", label=name)
axis.set_xlabel("dial effect")
axis.set_ylabel("PEHE, log P(she sleeps badly)")
axis.set_ylim(0)
axis.legend(frameon=False)
