"""Rewrite old forms of options. They still work, with a note that names the new form."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import get_args

from sdscm.literals import OutcomeKind

_KINDS = get_args(OutcomeKind)


def rewritten(words: Sequence[str]) -> list[str]:
    """Rewrite the old forms in a command line, and print a note on standard error for each.

    ``-n N`` is now ``--units N``; ``--outcome KIND`` is now ``--measure KIND``;
    ``--contrast CONTROL TREATED`` is now ``--contrast CONTROL,TREATED``.
    """
    if not {"generate", "inspect", "toy"}.intersection(words[:3]):
        return list(words)
    return list(_rewrite(list(words)))


def _rewrite(words: list[str]) -> Iterator[str]:
    measured = any(word.split("=")[0] == "--measure" for word in words)
    while words:
        word = words.pop(0)
        option, equals, value = word.partition("=")
        following = words[0] if words else ""
        if option == "-n" or (option[:2] == "-n" and option[2:].isdecimal()):
            _note(option[:2], "--units")
            yield from ["--units", *filter(None, [option[2:] or value])]
        elif option == "--outcome" and not measured and (value or following) in _KINDS:
            _note(f"--outcome {value or following}", f"--measure {value or following}")
            yield "--measure" + equals + value
        elif word == "--contrast" and "," not in following and _is_value(words[1:2]):
            _note("--contrast CONTROL TREATED", "--contrast CONTROL,TREATED")
            yield from ["--contrast", f"{words.pop(0)},{words.pop(0)}"]
        else:
            yield word


def _is_value(words: list[str]) -> bool:
    return bool(words) and not words[0].startswith("-")


def _note(old: str, new: str) -> None:
    print(f"note: {old} is now {new}", file=sys.stderr)
