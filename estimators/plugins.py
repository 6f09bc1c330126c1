"""Plugins in a Python file."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from pathlib import Path

from estimators.errors import PluginError
from estimators.registry import REGISTRY

_loaded: dict[Path, tuple[str, list[str]]] = {}
_others: list[str] = []


def note_other(name: str) -> None:
    """Record a registration elsewhere, such as that of a metric: a plugin may contain only that."""
    _others.append(name)


def load_plugin(path: str | os.PathLike[str]) -> list[str]:
    """Run a Python file whose ``@estimators.register`` calls register estimators.

    Loading the same file again does nothing, unless its content has changed; then its estimators
    are replaced. Worker processes load the file before they unpickle its classes; the name of its
    module depends on its path only.

    Returns
    -------
    The names of the estimators that it registers.

    Raises
    ------
    PluginError
        If there is no such file, it raises an error, it registers nothing, or one of its names is
        taken. Then none of its estimators is registered.

    Examples
    --------
    >>> from pathlib import Path
    >>> lines = [
    ...     "import estimators",
    ...     "@estimators.register('Nothing', estimand='ATE')",
    ...     "def nothing(X, t, y):",
    ...     "    return 0.0",
    ... ]
    >>> _ = Path("mine.py").write_text(chr(10).join(lines))
    >>> estimators.load_plugin("mine.py")
    ['Nothing']
    """
    if not isinstance(path, str | Path):
        raise PluginError(f"plugin: give the path of a .py file, not a {type(path).__name__}")
    file = Path(path).resolve()
    origin = f"plugin {path}"
    try:
        content = file.read_bytes()
    except OSError as error:
        raise PluginError(
            f"{origin}: cannot be read ({error.strerror}); give a .py file"
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    known_digest, known_names = _loaded.get(file, ("", []))
    if digest == known_digest:
        return list(known_names)
    key = hashlib.sha256(str(file).encode()).hexdigest()[:8]
    module_name = f"sdscm_plugin_{file.stem}_{key}"
    spec = importlib.util.spec_from_file_location(module_name, file)
    if spec is None or spec.loader is None:
        raise PluginError(f"{origin}: is not a Python file; give a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    previous, others = sys.modules.get(module_name), len(_others)
    sys.modules[module_name] = module
    try:
        with REGISTRY.loading(f"plugin {file}") as names:
            spec.loader.exec_module(module)
        if not names and len(_others) == others:
            raise PluginError(
                f"{origin}: registers nothing; decorate a class or function "
                "with @estimators.register(name)"
            )
    except PluginError:
        if previous is None:
            del sys.modules[module_name]
        else:
            sys.modules[module_name] = previous
        raise
    _loaded[file] = (digest, list(names))
    return list(names)
