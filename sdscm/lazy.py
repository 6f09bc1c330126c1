"""Public names of a package, imported at their first use (PEP 562), and packages beside it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from os.path import basename, dirname, exists, join, realpath, sep
from typing import Any


def lazy_names(
    package: str, names: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make ``__getattr__``, ``__dir__`` and ``__all__`` of a package with lazy imports.

    Importing such a package imports none of its modules, so that ``sdscm --help`` is quick.

    Parameters
    ----------
    package
        The package's ``__name__``.
    names
        For each module the names that it defines.
    """
    modules = {name: module for module, defined in names.items() for name in defined}

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(modules[name]), name)

    return get, lambda: list(modules), list(modules)


def warn_of_hidden(init: str, packages: Sequence[str]) -> None:
    """Warn if a folder or file of the user hides a package that is installed beside this one.

    Nothing is imported. ``init`` is the ``__file__`` of this package.
    """
    for package in packages:
        found = find_spec(package)
        ours = join(dirname(dirname(realpath(init))), package, basename(init))
        # A folder without __init__.py hides nothing: it has no origin.
        if found and found.origin and realpath(found.origin) != ours and exists(ours):
            hiding = found.origin.removesuffix(f"{sep}__init__.py")
            warnings.warn(
                f"{hiding} hides the package '{package}' of sdscm: rename it", stacklevel=3
            )
