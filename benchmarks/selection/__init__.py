"""Select a method without the truth, and score the picks by the truth.

To add a selector, add a file to the folder ``selectors``, or register one in a plugin.
"""

from benchmarks.selection.definition import Scores, Selector, Shown
from benchmarks.selection.registry import get, names, register, selector, temporarily
from benchmarks.selection.selectors.references import fixed

__all__ = [
    "Scores",
    "Selector",
    "Shown",
    "fixed",
    "get",
    "names",
    "register",
    "selector",
    "temporarily",
]
