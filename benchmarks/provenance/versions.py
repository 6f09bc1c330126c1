"""Versions of libraries and hashes of code, for records and content keys."""

from __future__ import annotations

import platform
import re
from functools import cache
from importlib import metadata
from pathlib import Path

import estimators
import sdscm
from benchmarks.provenance.source_code import code_of_folder

_CORE = ("numpy", "scipy", "scikit-learn", "pandas")


def version_of(distribution: str) -> str | None:
    """Return the installed version of a distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


@cache
def _distributions_of(extra: str) -> tuple[str, ...]:
    """Return the libraries that an extra of this project installs, from its metadata."""
    try:
        requirements = metadata.requires("sdscm") or []
    except metadata.PackageNotFoundError:
        return (extra,)
    wanted = re.compile(rf"extra\s*==\s*['\"]{re.escape(extra)}['\"]")
    names = [re.split(r"[^\w.-]", r, maxsplit=1)[0] for r in requirements if wanted.search(r)]
    return tuple(names) or (extra,)


@cache
def code_of_estimators() -> str:
    """Hash the code of `estimators`, to compare installations on several machines."""
    return code_of_folder(Path(estimators.__file__).parent)


@cache
def code_of_generator() -> str:
    """Hash the code of `sdscm` that affects datasets: all but audits, figures, embeddings and
    texts."""
    texts = ("figure_style", "number_format", "report_page", "hints", "version", "lazy", "display")
    apart = ("audit", "statistics", "graph_plot", "embeddings", *texts)
    return code_of_folder(Path(sdscm.__file__).parent, leave_out=apart)


@cache
def versions(extra: str = "") -> dict[str, str]:
    """Return the versions that affect an estimator whose library ``extra`` installs.

    The result is cached; callers copy it.
    """
    python = ".".join(platform.python_version_tuple()[:2])
    found = {"python": python}
    for name in (*_CORE, *(_distributions_of(extra) if extra else ())):
        found[name] = version_of(name) or "not installed"
    return found
