"""Mediation methods, one file a family.

All modules of this folder are imported, in the order of their names. To add a family, add a file.
"""

import pkgutil
from importlib import import_module

for _module in sorted(found.name for found in pkgutil.iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")
