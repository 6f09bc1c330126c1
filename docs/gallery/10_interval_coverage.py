"""Do intervals cover the truth?

An interval of level 95 % should hold the true effect in 95 of 100 datasets. Each line is the
interval of one dataset of 200 units. Orange lines miss the average effect of the population. The
outcome is not linear, so the intervals of a linear model miss it too often.
"""

import matplotlib.pyplot as plt

import estimators
import sdscm

model = sdscm.SDSCM("tea_or_coffee", temperature=2.5)
truth = model.effect(draws=20_000).value

fig, axis = plt.subplots(figsize=(7, 4.5))
covered = 0
for seed in range(40):
    data = model.dataset(200, seed=seed)
    X = data.X.to_numpy()
    low, high = estimators.get("LinReg").fit(X, data.t, data.y).ate_interval(X, alpha=0.05)
    covers = low <= truth <= high
    covered += covers
    axis.plot([low, high], [seed, seed], color="#0072b2" if covers else "#c43d00")
axis.axvline(truth, color="#22262b", linewidth=1)
axis.set_title(f"{covered} of 40 intervals cover the effect", loc="left")
axis.set_xlabel("average effect of tea on log P(she sleeps badly)")
axis.set_yticks([])
