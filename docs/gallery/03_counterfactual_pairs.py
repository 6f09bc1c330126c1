"""Both potential outcomes of each unit

A person drinks tea or coffee, never both, so real data hold one outcome of each person. An SD-SCM
gives both. Each line joins the two outcomes of one unit; the filled end is the one that data
would show.
"""

import matplotlib.pyplot as plt
import numpy as np

import sdscm

model = sdscm.SDSCM("tea_or_coffee", temperature=2.5)
data = model.dataset(25, outcome="probability")

fig, axis = plt.subplots(figsize=(7, 4))
for y0, y1, t in zip(data.y0, data.y1, data.t, strict=True):
    axis.plot([0, 1], [y0, y1], color="#a9adb3", linewidth=1)
    axis.plot(t, (y0, y1)[t], "o", color="#0072b2")
    axis.plot(1 - t, (y0, y1)[1 - t], "o", markerfacecolor="white", color="#0072b2")
axis.plot([0, 1], [np.mean(data.y0), np.mean(data.y1)], color="#c43d00", linewidth=3, label="mean")
axis.set_xticks([0, 1], ["coffee", "tea"])
axis.set_xlim(-0.3, 1.3)
axis.set_ylabel("P(she sleeps badly)")
axis.legend(frameon=False)
