"""An audit, phrasing by phrasing

An audit asks what a language model makes of one word. Here it is the name of an applicant, and
the outcome is the call-back. Each point is the exact effect under one choice of sentences. The
band is the interval of their mean.
"""

import matplotlib.pyplot as plt

from sdscm.audit import audit

result = audit("hiring", "smollm2-135m", phrasings=10, controls=False)
finding = result.of("total")[0]
effects = sorted(effect.value for effect in finding.effects)

fig, axis = plt.subplots(figsize=(7, 3.6))
axis.axvspan(finding.interval.low, finding.interval.high, color="#0072b2", alpha=0.15)
axis.axvline(finding.mean, color="#0072b2", label=f"mean {finding.mean:+.4f}")
axis.axvline(0, color="#22262b", linewidth=1)
axis.plot(effects, range(len(effects)), "o", color="#c43d00")
axis.set_xlabel(f"effect on P(call-back): {finding.treated} instead of {finding.control}")
axis.set_ylabel("phrasings, sorted")
axis.set_yticks([])
axis.legend(frameon=False)
