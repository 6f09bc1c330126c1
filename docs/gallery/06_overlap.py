"""Overlap of the two groups

A method can compare groups only where both occur. The true propensity, P(tea | parents of the
treatment), is known for each unit. Where one histogram is empty, methods extrapolate.
"""

import matplotlib.pyplot as plt
import numpy as np

import sdscm

model = sdscm.SDSCM("tea_or_coffee", temperature=2.5)
data = model.dataset(500)

bins = np.linspace(0, 1, 26)
fig, axis = plt.subplots(figsize=(7, 4))
axis.hist(data.propensity[data.t == 1], bins, color="#0072b2", label="drink tea")
counts, _ = np.histogram(data.propensity[data.t == 0], bins)
axis.bar(bins[:-1], -counts, np.diff(bins), align="edge", color="#c43d00", label="drink coffee")
axis.axhline(0, color="white", linewidth=1)
axis.set_xlabel("P(tea)")
axis.set_ylabel("units")
axis.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
axis.legend(frameon=False)
