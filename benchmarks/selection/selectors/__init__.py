"""The selectors that come with the package. All modules of this folder are imported."""

import pkgutil
from importlib import import_module


def _import_modules() -> None:
    for module in sorted(found.name for found in pkgutil.iter_modules(__path__)):
        import_module(f"{__name__}.{module}")


_import_modules()
