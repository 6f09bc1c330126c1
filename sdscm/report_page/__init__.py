"""Make pages of reports: tables, figures and sections, as HTML that needs no other file."""

from sdscm.report_page.figure import Drawing, Layout, Picture, exported
from sdscm.report_page.page import (
    Boards,
    Page,
    Section,
    assets,
    render,
    require_libraries,
    template_of,
)
from sdscm.report_page.table import (
    ReportTable,
    TableColumn,
    make_table,
    number_column,
    text_column,
)

__all__ = [
    "Boards",
    "Drawing",
    "Layout",
    "Page",
    "Picture",
    "ReportTable",
    "Section",
    "TableColumn",
    "assets",
    "exported",
    "make_table",
    "number_column",
    "render",
    "require_libraries",
    "template_of",
    "text_column",
]
