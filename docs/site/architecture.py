"""Draw the packages, their folders and the imports between them, as an SVG for the site.

A folder (or a module that belongs to none) is a box. It stands one floor above the highest box that
it imports. An arrow points to an imported box; imports that follow from other arrows are left out.
"""

from __future__ import annotations

import ast
import sys
import textwrap
from dataclasses import dataclass
from html import escape
from pathlib import Path

import grimp
import networkx as nx

ROOT = Path(__file__).parents[2]
PACKAGES = ("benchmarks", "sdscm", "estimators")
COLORS = {"benchmarks": "#4e79a7", "sdscm": "#d37295", "estimators": "#59a14f"}
LINE = 15  # pixels, as all lengths here
FLOOR_GAP, BOX_GAP, MARGIN, TITLE = 30, 16, 16, 34
WIDEST = 3  # boxes in a row
CHARACTER = 6.1  # the mean width of a character of 12 pixels
PANELS = {"benchmarks": (0, 1010), "sdscm": (0, 496), "estimators": (510, 500)}  # left, width


@dataclass(frozen=True)
class Box:
    """A folder or a module directly inside a package.

    Attributes
    ----------
    name : its place in the package, such as "boards"; "__init__" for the package itself
    about : the first line of its docstring
    folders : names of the folders inside it
    others : the other packages that it imports
    """

    name: str
    about: str
    folders: tuple[str, ...]
    others: tuple[str, ...]


def imports() -> grimp.ImportGraph:
    """Read all imports of the three packages, from the files beside this script."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def parts(graph: grimp.ImportGraph, package: str) -> nx.DiGraph:
    """Return the boxes of a package as nodes (attribute ``box``), and their imports as edges."""
    modules = sorted(graph.find_descendants(package) | {package})
    found = nx.DiGraph()
    others: dict[str, set[str]] = {}
    for module in modules:
        name = _part(module)
        found.add_node(name)
        others.setdefault(name, set())
        for imported in sorted(graph.find_modules_directly_imported_by(module)):
            if _top(imported) != package:
                others[name].add(_top(imported))
            elif _part(imported) != name:
                found.add_edge(name, _part(imported))
    for name, used in others.items():
        folders = sorted(
            {
                path.parent.name
                for path in (ROOT / package / name).glob("*/*.py")
                if name != "__init__"
            }
        )
        found.nodes[name]["box"] = Box(
            name, _about(ROOT / package, name), tuple(folders), tuple(sorted(used))
        )
    return found


def floors(boxes: nx.DiGraph) -> list[list[str]]:
    """Return the names on each floor, the lowest first.

    Raises ``ValueError`` for folders that import each other.
    """
    if not nx.is_directed_acyclic_graph(boxes):
        circle = " > ".join(one for one, _ in nx.find_cycle(boxes))
        raise ValueError(f"these import each other: {circle}")
    found = [sorted(names) for names in nx.topological_generations(boxes.reverse())]
    # Boxes stand near those that they import, so that few arrows cross.
    places: dict[str, float] = {}
    for names in found:
        names.sort(key=lambda name: (_mean([places[low] for low in boxes[name]]), name))
        places |= {name: (i + 0.5) / len(names) for i, name in enumerate(names)}
    return found


def draw() -> str:
    """Return the picture as SVG."""
    graph = imports()
    body: list[str] = []
    bottoms: dict[str, int] = {}
    top = MARGIN
    for package in PACKAGES:
        if package != "benchmarks":
            top = bottoms["benchmarks"] + 46
        panel, bottoms[package] = _panel(package, parts(graph, package), top)
        body += panel
    width = MARGIN * 2 + PANELS["benchmarks"][1]
    for package in ("sdscm", "estimators"):
        left, panel_width = PANELS[package]
        x = MARGIN + left + panel_width // 2
        y = bottoms["benchmarks"]
        body.append(_arrow(x, y + 2, x, y + 44, "#444", 2.5))
    height = max(bottoms.values()) + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="Helvetica, Arial, sans-serif" '
            'font-size="12">',
            "<title>The packages, their folders, and what imports what</title>",
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto" markerUnits="userSpaceOnUse">'
            '<path d="M0 0 L8 4 L0 8 z" fill="#777"/></marker></defs>',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            *body,
            "</svg>\n",
        ]
    )


def _panel(package: str, boxes: nx.DiGraph, top: int) -> tuple[list[str], int]:
    """Return the elements of a package, and the y of its lower edge."""
    left, width = PANELS[package]
    left += MARGIN
    rows = [part for names in floors(boxes)[::-1] for part in _rows(names)]
    y = top + TITLE
    places: dict[str, tuple[int, int, int, int]] = {}  # left, top, width, height
    drawn: list[str] = []
    for names in rows:
        box_width = min((width - BOX_GAP * (len(names) + 1)) // len(names), 400)
        gap = (width - len(names) * box_width) // (len(names) + 1)
        lines = {name: _lines(boxes.nodes[name]["box"], box_width) for name in names}
        height = max(len(each) for each in lines.values()) * LINE + 10
        for i, name in enumerate(names):
            x = left + gap + i * (box_width + gap)
            places[name] = (x, y, box_width, height)
            drawn += _box(package, boxes.nodes[name]["box"], lines[name], places[name])
        y += height + FLOOR_GAP
    bottom = y - FLOOR_GAP + MARGIN
    color = COLORS[package]
    back = [
        f'<rect x="{left}" y="{top}" width="{width}" height="{bottom - top}" rx="8" '
        f'fill="{color}" fill-opacity="0.10" stroke="{color}"/>',
        f'<text x="{left + 12}" y="{top + 22}" font-size="16" font-weight="bold" '
        f'fill="{color}">{package}</text>',
    ]
    if package == PACKAGES[0]:
        back.append(
            f'<text x="{left + width - 12}" y="{top + 20}" text-anchor="end" fill="#444">'
            "arrow: imports; dot: imports the package of this colour</text>"
        )
    arrows = []
    shown = nx.transitive_reduction(boxes)
    for one, other in sorted(shown.edges):
        x, y1, w, h = places[one]
        x2, y2, w2, _ = places[other]
        arrows.append(_arrow(x + w // 2, y1 + h, x2 + w2 // 2, y2, "#777", 1))
    return [*back, *arrows, *drawn], bottom


def _rows(names: list[str]) -> list[list[str]]:
    """Spread a floor over rows of at most ``WIDEST`` boxes."""
    count = -(-len(names) // WIDEST)
    size = -(-len(names) // count)
    return [names[begin : begin + size] for begin in range(0, len(names), size)]


def _box(package: str, box: Box, lines: list[str], place: tuple[int, int, int, int]) -> list[str]:
    x, y, width, height = place
    color = COLORS[package]
    found = [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="5" fill="white" '
        f'stroke="{color}" stroke-width="1.5"/>'
    ]
    for i, other in enumerate(box.others):
        # A mark in the colour of the other package that the box imports.
        found.append(
            f'<circle cx="{x + width - 12 - 14 * i}" cy="{y + 13}" r="4.5" '
            f'fill="{COLORS[other]}"><title>imports {other}</title></circle>'
        )
    for i, line in enumerate(lines):
        style = ' font-weight="bold"' if i == 0 else ' fill="#444"'
        found.append(
            f'<text x="{x + 8}" y="{y + 17 + i * LINE}"{style}>{escape(line, quote=False)}</text>'
        )
    return found


def _lines(box: Box, width: int) -> list[str]:
    size = int((width - 14) / CHARACTER)
    inside = f"({', '.join(box.folders)})" if box.folders else ""
    return [box.name, *textwrap.wrap(box.about, size), *textwrap.wrap(inside, size)]


def _arrow(x: int, y: int, x2: int, y2: int, color: str, width: float) -> str:
    return (
        f'<path d="M{x} {y} L{x2} {y2}" stroke="{color}" stroke-width="{width}" fill="none" '
        'marker-end="url(#head)"/>'
    )


def _about(package: Path, name: str) -> str:
    path = package / f"{name}.py"
    if not path.exists():
        path = package / name / "__init__.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0].replace("``", "").rstrip(".")


def _top(module: str) -> str:
    return module.partition(".")[0]


def _part(module: str) -> str:
    return [*module.split("."), "__init__"][1]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.5
