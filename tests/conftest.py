"""What all tests share: a registry that forgets, and a way to run the snippets of a page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from estimators import plugins
from estimators.registry import REGISTRY

_SNIPPET = re.compile(r"<!-- test: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)


@pytest.fixture(autouse=True)
def _registry_that_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it: which tests share a process is left to chance."""
    monkeypatch.setattr(REGISTRY, "_entries", dict(REGISTRY._entries))
    monkeypatch.setattr(plugins, "_loaded", dict(plugins._loaded))


@pytest.fixture
def run_snippets(tmp_path: Path) -> Callable[..., list[str]]:
    """Runs the marked snippets of a page in their order, in the folder ``tmp_path``.

    ``shell`` and ``python`` are run, others are saved: under their own name, or under that which
    ``files`` gives. Returns the kinds.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}

    def run(page: Path, files: Mapping[str, str] = {}) -> list[str]:
        snippets = _SNIPPET.findall(page.read_text(encoding="utf-8"))
        for kind, text in snippets:
            if kind not in ("shell", "python"):
                (tmp_path / files.get(kind, kind)).write_text(text)
                continue
            command = ["bash", "-euo", "pipefail", "-c", text]
            if kind == "python":
                command = [sys.executable, "-c", text]
            ran = subprocess.run(
                command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert ran.returncode == 0, f"{text}\n{ran.stdout}\n{ran.stderr}"
        return [kind for kind, _ in snippets]

    return run
