from __future__ import annotations

import math

import pytest

from sdscm import number_format as write

NAN = math.nan


def test_numbers() -> None:
    values = [0, 0.12345, -1.5, 123.4, -41234.0, 6.28e6, -3e12, NAN, math.inf, -math.inf, -1e-9]
    shown = ["0", "0.123", "-1.500", "123", "-41,234", "6.3e6", "-3.0e12", "–", "∞", "-∞", "0.000"]
    assert [write.number(value) for value in values] == shown


def test_seconds_have_two_digits() -> None:
    shown = [write.seconds(value) for value in (0.001, 0.456, 3.21, 45.6, NAN)]
    assert shown == ["< 0.01", "0.46", "3.2", "46", "–"]


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (write.decimals(-0.001, 2), "0.00"),
        (write.two_decimals(4.16667), "4.17"),
        (write.integer(1234.4), "1,234"),
        (write.scientific(1234.4), "1.2e+03"),
        (write.signed(0.5), "+0.500"),
        (write.signed(-0.5), "-0.500"),
        (write.signed(0), "0"),
        (write.percent(0.254), "25%"),
        (write.percent(0.254, 1), "25.4%"),
        (write.percent(NAN), "–"),
        (write.level(0.95), "95%"),
        (write.level(0.995), "99.5%"),
        (write.level(1 - 0.1), "90%"),
        (write.p_value(0.0004), "< 0.001"),
        (write.p_value(0.0123), "0.012"),
        (write.p_value(None), "–"),
        (write.p_equals(0.0004), "p < 0.001"),
        (write.p_equals(0.5), "p = 0.500"),
        (write.span(0.1, 0.2), "0.100 to 0.200"),
        (write.span(NAN, 0.2), "–"),
        (write.with_interval(0.15, 0.1, 0.2), "0.150 [0.100, 0.200]"),
        (write.with_interval(0.15, NAN, NAN), "0.150"),
        (write.counted(1, "dataset"), "1 dataset"),
        (write.counted(1200, "dataset"), "1,200 datasets"),
        (write.counted(2, "phrasing or file", "phrasings or files"), "2 phrasings or files"),
        (write.joined([]), ""),
        (write.joined(["a"]), "a"),
        (write.joined(["a", "b", "c"]), "a, b and c"),
        (write.joined(["a", "b"], "or"), "a or b"),
        (write.slug("PEHE / SD(y)", "", "All"), "pehe-sd-y-all"),
    ],
)
def test_what_is_written(shown: str, wanted: str) -> None:
    assert shown == wanted
