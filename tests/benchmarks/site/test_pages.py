"""The pages of a release: whole, linked, escaped, and with the numbers of the boards."""

from __future__ import annotations

import posixpath
import re


def test_every_link_leads_to_a_page(site: dict[str, bytes]) -> None:
    found = 0
    for name, content in site.items():
        if not name.endswith(".md"):
            continue
        text = content.decode()
        ids = set(re.findall(r' id="([^"]+)"', text))
        for target in re.findall(r'(?:href|src|srcset)="([^"]+)"', text):
            path, _, anchor = target.partition("#")
            assert not re.match(r"\w+:", target), target
            if not path:
                assert anchor in ids, (name, target)
                continue
            there = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            assert there.replace(".html", ".md") in site, (name, target)
            found += 1
    assert found


def test_a_hostile_name_is_text(site: dict[str, bytes]) -> None:
    page = site["toy-v1/index.md"].decode()
    assert "<b>Broken" not in page
    assert "&lt;b&gt;Broken&lt;/b&gt; &amp; co" in page
    assert "<games>" not in page
