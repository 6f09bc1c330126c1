"""Bias from hidden confounders

Earlier evenings decide both the drink and the night. The dial `confounding` multiplies their
influence on the drink: 0 is a randomized trial, 1 is the language model's own strength. A random
forest that sees the confounders stays near the true effect. One that does not drifts away. A
linear regression is biased in both cases, because the outcome is not linear in the codes.
"""

import matplotlib.pyplot as plt

import estimators
import sdscm

dials = [0, 1, 2]
errors = {"all": [], "hidden": []}
for dial in dials:
    data = sdscm.SDSCM("tea_or_coffee", temperature=2.5, confounding=dial).dataset(500)
    for setting, found in errors.items():
        X = data.setting(setting).X.to_numpy()
        model = estimators.get("RF").fit(X, data.t, data.y)
        found.append((model.ate(X) - data.sate) / data.y.std())

fig, axis = plt.subplots(figsize=(7, 4))
axis.plot(dials, errors["hidden"], "D-", color="#c43d00", label="confounders hidden")
axis.plot(dials, errors["all"], "o-", color="#0072b2", label="all confounders seen")
axis.axhline(0, color="#d9d9d6", zorder=0)
axis.set_xlabel("dial confounding")
axis.set_ylabel("error of the average effect / SD(y)")
axis.legend(frameon=False)
