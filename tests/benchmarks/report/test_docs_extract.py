"""A table is put between marks of a page."""

from __future__ import annotations

import pytest

from benchmarks.report.docs.extract import replaced
from sdscm.errors import InputError


def test_a_page_without_a_place_is_told() -> None:
    with pytest.raises(InputError, match=r"write <!-- rules:begin --> and <!-- rules:end -->"):
        replaced("<!-- rules:begin -->", "table", "rules")
