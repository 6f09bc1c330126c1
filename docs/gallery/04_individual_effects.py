"""How much effects differ between units

The individual effect (ITE) is the difference between the two outcomes of a unit. Its mean over
the units is the SATE. A method that reports one average says nothing about the spread.
"""

import matplotlib.pyplot as plt

import sdscm

model = sdscm.SDSCM("tea_or_coffee", temperature=2.5)
data = model.dataset(500)

fig, axis = plt.subplots(figsize=(7, 4))
axis.hist(data.ite, bins=30, color="#0072b2", alpha=0.8)
axis.axvline(data.sate, color="#c43d00", linewidth=2, label=f"SATE = {data.sate:.2f}")
axis.set_xlabel("individual effect of tea on log P(she sleeps badly)")
axis.set_ylabel("units")
axis.legend(frameon=False)
