"""The graph of a scenario

An SD-SCM has a graph that you choose. An arrow means that the text of one variable is in the
context in which the language model completes the other. The treatment is a triangle, the outcome
a diamond. White circles are exogenous: the setting `hidden` removes them.
"""

import sdscm
from sdscm.graph_plot import draw_graph

fig = draw_graph(sdscm.load_spec("tea_or_coffee"))
