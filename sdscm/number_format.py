"""Write numbers, intervals, counts and lists as text for people."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

#: Text for a missing number.
NONE = "–"

#: Smallest p value that is written with decimals.
_SMALLEST_P = 0.001


def number(value: Any) -> str:
    """Write three decimals, fewer for large numbers (``1,234``, ``5.6e7``); `NONE` for NaN."""
    value = float(value)
    if not math.isfinite(value):
        return _special(value)
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e6:
        digits, power = f"{value:.1e}".split("e")
        return f"{digits}e{int(power)}"
    return _unsigned_zero(f"{value:,.0f}" if size >= 100 else f"{value:.3f}")


def decimals(value: Any, digits: int) -> str:
    """Write a number with ``digits`` decimals; `NONE` for NaN."""
    value = float(value)
    return _unsigned_zero(f"{value:,.{digits}f}") if math.isfinite(value) else _special(value)


def two_decimals(value: Any) -> str:
    """Write two decimals, as for average ranks and win rates."""
    return decimals(value, 2)


def integer(value: Any) -> str:
    """Write a whole number with commas between the thousands."""
    return decimals(value, 0)


def scientific(value: Any) -> str:
    """Write two significant digits and a power of ten."""
    value = float(value)
    return f"{value:.1e}" if math.isfinite(value) else _special(value)


def signed(value: Any, form: Callable[[Any], str] = number) -> str:
    """Write a number with its sign, plus or minus."""
    return "+" * (float(value) > 0) + form(value)


def seconds(value: Any) -> str:
    """Write two significant digits, since more digits would differ between runs."""
    value = float(value)
    if not math.isfinite(value):
        return _special(value)
    if value < 0.01:
        return "< 0.01"
    return f"{value:.0f}" if value >= 10 else f"{float(f'{value:.2g}'):g}"


def duration(seconds: float) -> str:
    """Write seconds with at most two units, such as ``1 h 5 min``; ``?`` for NaN."""
    if math.isnan(seconds):
        return "?"
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def percent(share: Any, digits: int = 0, unit: str = "%") -> str:
    """Write a share in per cent: 0.25 as ``25%``."""
    share = float(share)
    return f"{100 * share:.{digits}f}{unit}" if math.isfinite(share) else _special(share)


def level(share: float, unit: str = "%") -> str:
    """Write the level of an interval or a test, with as many digits as it has: ``99.5%``."""
    return f"{100 * share:.6g}{unit}"


def p_value(value: float | None) -> str:
    """Write three decimals, ``< 0.001`` below that, `NONE` for NaN or None."""
    if value is None or math.isnan(value):
        return NONE
    return f"< {_SMALLEST_P}" if value < _SMALLEST_P else f"{value:.3f}"


def p_equals(value: float) -> str:
    """Write ``p = 0.012`` or ``p < 0.001``."""
    shown = p_value(value)
    return f"p {shown}" if shown.startswith("<") else f"p = {shown}"


def span(low: Any, high: Any, form: Callable[[Any], str] = number) -> str:
    """Write ``0.1 to 0.2``; `NONE` if an end is NaN."""
    ends = form(low), form(high)
    return NONE if NONE in ends else " to ".join(ends)


def with_interval(value: Any, low: Any, high: Any, form: Callable[[Any], str] = number) -> str:
    """Write ``0.15 [0.1, 0.2]``; the value alone if its interval is NaN."""
    shown = form(value)
    return shown if math.isnan(float(low)) else f"{shown} [{form(low)}, {form(high)}]"


def counted(count: int, one: str, many: str = "") -> str:
    """Write a number with its noun: ``1 dataset``, ``6 datasets``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def joined(items: Iterable[Any], word: str = "and") -> str:
    """Write ``a``, ``a and b`` or ``a, b and c``."""
    *most, last = [str(item) for item in items] or [""]
    return f"{', '.join(most)} {word} {last}" if most else last


def slug(*parts: str) -> str:
    """Write lower-case letters, digits and dashes, for file names and anchors."""
    return "-".join(
        re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-").lower() for part in parts if part
    )


def _special(value: float) -> str:
    return NONE if math.isnan(value) else "∞" if value > 0 else "-∞"


def _unsigned_zero(shown: str) -> str:
    return shown if re.search(r"[1-9]", shown) else shown.removeprefix("-")
