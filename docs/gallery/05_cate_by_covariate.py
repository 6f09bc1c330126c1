"""Effects by a covariate

The CATE is the mean effect among units with the same covariates. Here it is averaged within each
plan for the next day: boxes show the spread among the units that share a plan.
"""

import matplotlib.pyplot as plt

import sdscm

model = sdscm.SDSCM("tea_or_coffee", temperature=2.5)
data = model.dataset(500)

plans = sorted(data.labels["plan"].unique())
fig, axis = plt.subplots(figsize=(7, 4))
axis.boxplot(
    [data.cate[data.labels["plan"] == plan] for plan in plans],
    tick_labels=plans,
    medianprops={"color": "#c43d00", "linewidth": 2},
)
axis.axhline(0, color="#d9d9d6", zorder=0)
axis.set_xlabel("plan for Thursday")
axis.set_ylabel("CATE, log P(she sleeps badly)")
