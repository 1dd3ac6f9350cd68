"""Draws which folder includes which, as docs/images/folders.svg: python tests/architecture/folders.py .

A folder stands above all that it includes. An arrow that others already imply (a to c, where a includes b and
b includes c) is left out. Only what is included counts, not what edges.txt would allow."""

import html
import pathlib
import sys

from include_edges import included, read_edges

PICTURE = pathlib.Path("docs/images/folders.svg")
COLOURS = {"base": "#e8e6df", "formats": "#e8e6df", "text": "#e8e6df", "imaging": "#e8e6df", "storage": "#e8e6df",
           "rpc": "#e8e6df", "orders": "#f6e3b4", "sets": "#f6e3b4", "engine": "#cfe3cf", "services": "#cddcf0",
           "gateway": "#e3d3ee", "cli": "#f3d6cf"}
LINES = {"orders": "#b8902f", "sets": "#b8902f", "engine": "#4f8a4f", "services": "#4a74a8", "gateway": "#8358a3",
         "cli": "#b0604f"}
BOX, HEIGHT, GAP, ROW, MARGIN = 8.1, 26, 18, 78, 20


def graph_of(repository):
    return included(read_edges(repository / "tests" / "architecture" / "edges.txt"), repository)


def reach(graph, start):
    seen, waiting = set(), list(graph[start])
    while waiting:
        folder = waiting.pop()
        if folder not in seen:
            seen.add(folder)
            waiting += graph[folder]
    return seen


def reduced(graph):
    """The same without the edges that others imply."""
    return {folder: {below for below in graph[folder]
                     if not any(below in reach(graph, other) for other in graph[folder] - {below})}
            for folder in graph}


def levels(graph):
    """Rows from the bottom up: a folder stands one above the highest that it includes; one that includes little,
    just below the lowest that includes it."""
    level = {}

    def of(folder):
        if folder not in level:
            level[folder] = 1 + max((of(below) for below in graph[folder]), default=-1)
        return level[folder]

    for folder in sorted(graph):
        of(folder)
    for folder in sorted(graph, key=level.get, reverse=True):
        above = [level[f] for f in graph if folder in graph[f]]
        if above and len(graph[folder]) < 2:
            level[folder] = min(above) - 1
    return [[f for f in sorted(graph) if level[f] == row] for row in range(1 + max(level.values()))]


def width(folder):
    return len(folder) * BOX + 16


def place(rows, arrows):
    """The middle of each box, rows ordered so that boxes stand over what they include."""
    total = max(sum(width(f) + GAP for f in row) for row in rows)
    at = {}
    for number, row in enumerate(rows):
        def over(folder):
            below = [at[b][0] for b in arrows[folder] if b in at]
            return sum(below) / len(below) if below else 0

        ordered = sorted(row, key=lambda f: (over(f), f))
        free = total - sum(width(f) for f in ordered)
        x = MARGIN + free / (len(ordered) + 1)
        for folder in ordered:
            at[folder] = (x + width(folder) / 2, MARGIN + (len(rows) - 1 - number) * ROW)
            x += width(folder) + free / (len(ordered) + 1)
    return at, total + 2 * MARGIN, (len(rows) - 1) * ROW + HEIGHT + 2 * MARGIN


def draw(graph):
    arrows = reduced(graph)
    at, wide, high = place(levels(arrows), arrows)
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high:.0f}" '
           'font-family="DejaVu Sans Mono, monospace" font-size="13">',
           '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
           'orient="auto"><path d="M0 0L8 4L0 8z" fill="#777"/></marker></defs>',
           '<rect width="100%" height="100%" fill="white"/>']
    for folder in sorted(arrows):
        x, y = at[folder]
        colour = LINES.get(folder.split("/")[0], "#777")
        for below in sorted(arrows[folder]):
            to_x, to_y = at[below]
            svg.append(f'<path d="M{x:.0f} {y + HEIGHT:.0f}C{x:.0f} {y + HEIGHT + ROW / 2:.0f} {to_x:.0f} '
                       f'{to_y - ROW / 2:.0f} {to_x:.0f} {to_y:.0f}" fill="none" '
                       f'stroke="{colour}" marker-end="url(#tip)"/>')
    for folder in sorted(at):
        x, y = at[folder]
        svg.append(f'<rect x="{x - width(folder) / 2:.0f}" y="{y:.0f}" width="{width(folder):.0f}" '
                   f'height="{HEIGHT}" rx="4" fill="{COLOURS[folder.split("/")[0]]}" stroke="#555"/>'
                   f'<text x="{x:.0f}" y="{y + 18:.0f}" text-anchor="middle">{html.escape(folder)}</text>')
    return "\n".join(svg + ["</svg>", ""])


if __name__ == "__main__":
    repository = pathlib.Path(sys.argv[1])
    (repository / PICTURE).write_text(draw(graph_of(repository)))
