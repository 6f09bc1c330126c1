"""Neural networks, with PyTorch."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import UNCONFOUNDED

CATENETS = "Curth and van der Schaar 2021, AISTATS"
FAMILY = Family("PyTorch", extra="networks", package="networks")
FAMILY.add(
    "TARNet",
    "networks:TARNet",
    "network with a shared representation and a head for each arm",
    "Shalit, Johansson and Sontag 2017, ICML",
    assumes=UNCONFOUNDED,
    fit_many="datasets",
)
FAMILY.add(
    "TNet",
    "networks:TNet",
    "T-learner, a network for each arm",
    CATENETS,
    assumes=UNCONFOUNDED,
    fit_many="datasets",
)
