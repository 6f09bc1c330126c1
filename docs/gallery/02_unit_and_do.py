"""One unit, and an intervention on it

A unit is a short text. An intervention, do(drink = tea), replaces one sentence. The unit keeps
its own noise, so every sentence that does not depend on the drink stays as it was.
"""

import textwrap

import matplotlib.pyplot as plt

import sdscm

model = sdscm.SDSCM("tea_or_coffee", temperature=2.5)
units = model.sample(1, seed=4, first=3)
tea = model.counterfactual(units, {"drink": "tea to sleep well again"})

fig, axes = plt.subplots(1, 2, figsize=(9, 3))
for axis, world, title in zip(axes, (units, tea), ("Observed", "do(drink = tea)"), strict=True):
    axis.set_title(title, loc="left", fontweight="bold")
    axis.axis("off")
    height = 1.0
    observed = units.text.iloc[0].split(". ")
    for sentence, before in zip(world.text.iloc[0].split(". "), observed, strict=True):
        lines = textwrap.wrap(sentence.rstrip(".") + ".", 38)
        color = "#22262b" if sentence == before else "#c43d00"
        axis.text(0, height, "\n".join(lines), va="top", color=color, transform=axis.transAxes)
        height -= 0.085 * len(lines) + 0.04
