"""The graph of a scenario

An SD-SCM has a graph that you choose. An arrow means that the text of one variable is in the
context in which the language model completes the other. The treatment is a triangle, the outcome
a diamond. White circles are exogenous: the setting `hidden` removes them.
"""

import sdscm

fig = sdscm.SDSCM("tea_or_coffee").plot()
