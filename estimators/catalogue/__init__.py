"""The built-in estimators by name, one file for each family. No library is imported here.

A module of this package that defines ``FAMILY`` is a family. It is found by its presence, so a new
family needs two files: its adapter and its catalogue file.
"""

import pkgutil
from importlib import import_module

from estimators.interface import EstimatorInfo

_MODULES = [import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)]

#: What the registry knows of each built-in, and where its class is: ``module:class``. Families are
#: in the alphabetical order of their files.
BUILT_INS: tuple[tuple[EstimatorInfo, str], ...] = tuple(
    member for module in _MODULES if hasattr(module, "FAMILY") for member in module.FAMILY.members
)
