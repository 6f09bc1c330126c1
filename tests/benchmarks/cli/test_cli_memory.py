"""``--memory`` reaches the language model, whichever command loads it."""

from __future__ import annotations

from typing import Any

import pytest

import sdscm
import sdscm.lm

COMMANDS = [
    ("generate", "study.yaml", "--units", "5"),
    ("inspect", "study.yaml", "--units", "5", "--phrasings", "1"),
    ("audit", "study.yaml", "--phrasings", "2", "--panel", "0", "--no-controls", "--no-html"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_memory_is_given_in_gib(
    cli: Any, tiny_lm: Any, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    given = []
    load = sdscm.load_lm

    def watched(*names: Any, **options: Any) -> sdscm.LanguageModel:
        given.append(options["memory"])
        return load(*names, **options)

    monkeypatch.setattr(sdscm, "load_lm", watched)
    monkeypatch.setattr(sdscm.lm, "load_lm", watched)
    words = [*command, "--lm", str(tiny_lm)]
    assert cli(*words, *["--out", "one.parquet"] * (command[0] == "generate")).code == 0
    ran = cli(*words, "--memory", "0.5", *["--out", "two"] * (command[0] == "audit"))
    assert ran.code == 0, ran.err
    assert given == [None, 2**29]


def test_memory_cannot_be_negative(cli: Any) -> None:
    ran = cli("generate", "study.yaml", "--memory", "-1")
    assert ran.code == 2
    assert "--memory" in ran.err
