"""Read suites, and mappings of the columns of users' tables, from YAML."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from benchmarks.archive.release import Release, find_release, shipped_releases
from benchmarks.suite.entries import Columns, Model
from benchmarks.suite.model import Suite
from sdscm.arguments import check_type
from sdscm.errors import InputError
from sdscm.number_format import joined
from sdscm.validation import input_error, parse_yaml, read_text

_Parsed = TypeVar("_Parsed", bound=Model)


def shipped_suites() -> list[str]:
    """List the names of the suites that come with the package.

    Examples
    --------
    >>> benchmarks.shipped_suites()
    ['core', 'models', 'own-data', 'paper-table1', 'paper-table2', 'quick', 'standard', 'tasks']
    """
    folder = resources.files("benchmarks") / "suites"
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if ".yaml" in f.name)


def load_suite(name_or_path: str | Path | Suite, data: str | Path | None = None) -> Suite:
    """Read a suite: a shipped one by name, a YAML file, or that of a release.

    Parameters
    ----------
    name_or_path
        Name or path; for a release also a URL, see `benchmarks.archive.release.find_release`. A
        suite is returned as it is.
    data
        Folder that the suite's relative paths start from; by default the folder of its file, and
        the working folder for a shipped suite.

    Raises
    ------
    InputError
        One line that names the file, the key and the fix.

    Examples
    --------
    >>> benchmarks.load_suite("quick").settings
    ['all', 'hidden']
    """
    if isinstance(name_or_path, Suite):
        return name_or_path
    hint = "give the name of a suite or of a release, a path, or a Suite"
    check_type("suite", name_or_path, str | Path, hint)
    if data is not None and not Path(data).is_dir():
        raise InputError(f"{data}: no such folder; --data names the folder of your tables")
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        text, folder = read_text(path), path.parent
    elif str(name_or_path) in shipped_suites():
        file = resources.files("benchmarks") / "suites" / f"{name_or_path}.yaml"
        text, folder = file.read_text(encoding="utf-8"), Path()
    else:
        release = find_release(name_or_path)
        if release is None:
            known = [*shipped_suites(), *shipped_releases()]
            raise InputError(
                f"unknown suite '{name_or_path}': choose one of {', '.join(known)}, "
                "or give the path of a .yaml file or of a release"
            )
        return _of_release(release, str(name_or_path))
    suite = _parse(Suite, text, str(name_or_path))
    suite._data = None if data is None else Path(data)
    suite._file_folder, suite._folder = folder, suite._data or folder
    suite._origin = str(name_or_path)
    return suite


def _of_release(release: Release, origin: str) -> Suite:
    try:
        suite = Suite.model_validate({**release.content["suite"], "name": release.id})
    except ValidationError as error:
        problem = error.errors()[0]
        raise InputError(
            f"{origin}: this sdscm does not know its suite ({problem['msg']}); use sdscm "
            f"{release.content['versions'].get('sdscm', 'of the same version')}, or name the "
            "plugin of its metrics with --plugin"
        ) from None
    suite._release, suite._origin = release, origin
    return suite


def columns_from(path: Path) -> Columns:
    """Read the mapping of the columns of a user's tables. It raises the errors of `load_suite`."""
    return _parse(Columns, read_text(path), str(path))


def _parse(model: type[_Parsed], text: str, where: str) -> _Parsed:
    keys = [f"'{name}:'" for name, field in model.model_fields.items() if field.is_required()]
    data = parse_yaml(text, where, f"begin with {joined(keys)}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise input_error(error, data, where, model) from None
