"""Citations and descriptions of intervals that several families use."""

DML = "Chernozhukov et al. 2018, Econometrics Journal 21(1)"
DR = "Kennedy 2023, Electronic Journal of Statistics 17(2)"
KUENZEL = "Kuenzel, Sekhon, Bickel and Yu 2019, PNAS 116(10)"
LEAST_SQUARES = "Student, from the classical variance of least squares"
ORTHOGONAL = "normal, from the variance of the orthogonal score"
ROBUST = "normal, with the robust variance of two-stage least squares"
RLEARNER = "Nie and Wager 2021, Biometrika 108(2)"
