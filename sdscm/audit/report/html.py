"""Write a report as one HTML page that needs no other file and no network."""

from __future__ import annotations

from base64 import b64encode

from sdscm.audit.report.view import Page


def html(page: Page) -> str:
    """Render the page as HTML with SVG figures and without scripts."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sdscm.audit.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["uri"] = _uri
    return environment.get_template("audit.html.j2").render(page=page)


def _uri(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}"
