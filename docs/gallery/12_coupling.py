"""Two ways to draw a counterfactual

A counterfactual keeps the unit's own noise (Gumbel coupling), so a unit changes no more than it
must. The paper draws new noise (`redraw`), and then a night may change by chance alone. The
average effect is the same under both.
"""

import matplotlib.pyplot as plt

import sdscm

badly = {"well": 0, "lightly": 0, "badly": 1}
fig, axis = plt.subplots(figsize=(7, 4))
for place, coupling in enumerate(["gumbel", "redraw"]):
    model = sdscm.SDSCM("tea_or_coffee", temperature=2.5, coupling=coupling)
    data = model.dataset(1000, outcome="category", scores=badly, cate_contexts=0)
    better, worse = (data.ite == -1).mean(), (data.ite == 1).mean()
    axis.barh(place, -better, color="#0072b2", label="better with tea" if place == 0 else None)
    axis.barh(place, worse, color="#c43d00", label="worse with tea" if place == 0 else None)
    axis.text(worse, place, f"  mean {data.sate:+.2f}", va="center")
axis.set_yticks([0, 1], ["gumbel", "redraw"])
axis.axvline(0, color="#22262b", linewidth=1)
axis.set_xlim(-0.35, 0.45)
axis.xaxis.set_major_formatter(lambda value, _: f"{abs(value):.0%}")
axis.set_xlabel("units whose night changes between badly and not badly")
axis.legend(frameon=False)
