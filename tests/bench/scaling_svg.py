"""A chart of lines over two logarithmic axes as one SVG, for light and dark backgrounds. Plain text, no library."""
import math
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP, PLOT = 860, 86, 30, 66, 380
ROW = 22
LIGHT = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#cf222e", "#7d4e00", "#0f766e", "#57606a")
DARK = ("#58a6ff", "#f0883e", "#3fb950", "#bc8cff", "#ff7b72", "#d29922", "#2dd4bf", "#b1bac4")
SHAPES = ("circle", "square", "diamond", "triangle")
STYLE = """<style>
  svg {{ background: #ffffff; font: 13px system-ui, sans-serif; fill: #24292f; }}
  .grid {{ stroke: #d0d7de; }} .guide {{ stroke: #8c959f; stroke-dasharray: 2 4; }} .muted {{ fill: #57606a; }}
  .target {{ stroke: #24292f; stroke-width: 2; fill: none; }}
  .title {{ font-weight: 600; font-size: 16px; }} .line {{ fill: none; stroke-width: 2; }} .dashed {{ stroke-dasharray: 7 4; }}
{light}
  @media (prefers-color-scheme: dark) {{
    svg {{ background: #0d1117; fill: #e6edf3; }}
    .grid {{ stroke: #30363d; }} .guide {{ stroke: #6e7681; }} .muted {{ fill: #9da7b3; }} .target {{ stroke: #e6edf3; }}
{dark}
  }}
</style>
"""


def colours(values, indent):
    return "\n".join(f"{indent}.l{i} {{ stroke: {c}; }} .m{i} {{ fill: {c}; }}" for i, c in enumerate(values))


class Axis:
    """Places of values on [begin, end] pixels, with marks at 1, 2, 5 of each decade, or at powers of ten if many."""

    def __init__(self, values, begin, end):
        self.begin, self.end = begin, end
        low, high = math.log10(min(values)), math.log10(max(values))
        room = 0.06 * max(high - low, 1)
        self.low, self.high = low - room, high + room

    def at(self, value):
        return self.begin + (self.end - self.begin) * (math.log10(value) - self.low) / (self.high - self.low)

    def measured(self, values):
        """Those of the values that leave room for their words."""
        out = []
        for value in sorted(values):
            if not out or abs(self.at(value) - self.at(out[-1])) > 48:
                out.append(value)
        return out

    def marks(self):
        decades = range(math.floor(self.low), math.ceil(self.high) + 1)
        steps = (1, 2, 5) if self.high - self.low < 2.6 else (1,)
        return [m * 10.0 ** d for d in decades for m in steps if self.low <= d + math.log10(m) <= self.high]


def figure(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"


def shape(kind, x, y, css):
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" class="{css}"/>'
    corners = {"square": ((-4, -4), (4, -4), (4, 4), (-4, 4)), "diamond": ((0, -6), (6, 0), (0, 6), (-6, 0)),
               "triangle": ((0, -5.5), (5.5, 4.5), (-5.5, 4.5))}[kind]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" class="{css}"/>'


def axes_and_grid(x, y, x_values, x_name, y_name):
    out = []
    for mark in x.measured(x_values):
        out.append(f'<line class="grid" x1="{x.at(mark):.1f}" y1="{y.end}" x2="{x.at(mark):.1f}" y2="{y.begin}"/>')
        out.append(f'<text x="{x.at(mark):.1f}" y="{y.begin + 20}" text-anchor="middle">{figure(mark)}</text>')
    for mark in y.marks():
        out.append(f'<line class="grid" x1="{x.begin}" y1="{y.at(mark):.1f}" x2="{x.end}" y2="{y.at(mark):.1f}"/>')
        out.append(f'<text x="{x.begin - 8}" y="{y.at(mark) + 4:.1f}" text-anchor="end">{figure(mark)}</text>')
    out.append(f'<text x="{(x.begin + x.end) / 2:.0f}" y="{y.begin + 42}" text-anchor="middle">{escape(x_name)}</text>')
    middle = (y.begin + y.end) / 2
    out.append(f'<text transform="translate(20 {middle:.0f}) rotate(-90)" text-anchor="middle">{escape(y_name)}</text>')
    return out


def guide(x, y, lines):
    """Growth in proportion, through the first point of the first line, as far as it lies in the plot."""
    at, value = lines[0][1][0]
    least, greatest = 10 ** x.low, 10 ** x.high
    low = max(least, at * 10 ** y.low / value)
    high = min(greatest, at * 10 ** y.high / value)
    if low >= high:
        return []
    return [f'<line class="guide" x1="{x.at(low):.1f}" y1="{y.at(value * low / at):.1f}" '
            f'x2="{x.at(high):.1f}" y2="{y.at(value * high / at):.1f}"/>']


def drawn_lines(x, y, lines):
    out = []
    for i, (_, points) in enumerate(lines):
        dashed = " dashed" if i >= len(SHAPES) else ""
        path = " ".join(f"{x.at(px):.1f},{y.at(py):.1f}" for px, py in points)
        out.append(f'<polyline class="line l{i}{dashed}" points="{path}"/>')
        out += [shape(SHAPES[i % len(SHAPES)], x.at(px), y.at(py), f"m{i}") for px, py in points]
    return out


def legend(lines, targets, top, unit):
    out = []
    for i, (name, points) in enumerate(lines):
        row = top + ROW * i
        dashed = " dashed" if i >= len(SHAPES) else ""
        out.append(f'<line class="line l{i}{dashed}" x1="{LEFT}" y1="{row}" x2="{LEFT + 36}" y2="{row}"/>')
        out.append(shape(SHAPES[i % len(SHAPES)], LEFT + 18, row, f"m{i}"))
        out.append(f'<text x="{LEFT + 46}" y="{row + 4}">{escape(name)}: {figure(points[-1][1])} {unit} at '
                   f"{figure(points[-1][0])}</text>")
    row = top + ROW * len(lines)
    out.append(f'<line class="guide" x1="{LEFT}" y1="{row}" x2="{LEFT + 36}" y2="{row}"/>')
    out.append(f'<text class="muted" x="{LEFT + 46}" y="{row + 4}">growth in proportion</text>')
    for k, (at, value, name) in enumerate(targets):
        row = top + ROW * (len(lines) + 1 + k)
        out += cross(LEFT + 18, row)
        out.append(f'<text class="muted" x="{LEFT + 46}" y="{row + 4}">{escape(name)}, {figure(value)} {unit} at {figure(at)}</text>')
    return out


def cross(x, y):
    return [f'<path class="target" d="M{x - 5:.1f} {y - 5:.1f}l10 10M{x - 5:.1f} {y + 5:.1f}l10 -10"/>']


def chart(title, shared, x_name, y_name, lines, targets=()):
    """`lines`: (name, [(x, y), ...]) with x and y above 0, at most eight; `targets`: (x, y, name)."""
    x_values = {px for _, points in lines for px, _ in points} | {t[0] for t in targets}
    x = Axis(x_values, LEFT, WIDTH - RIGHT)
    y = Axis([py for _, points in lines for _, py in points] + [t[1] for t in targets], TOP + PLOT, TOP)
    legend_top = TOP + PLOT + 70
    height = legend_top + ROW * (len(lines) + 1 + len(targets))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
           f"<title>{escape(title)}</title>", STYLE.format(light=colours(LIGHT, "  "), dark=colours(DARK, "    ")),
           f'<text class="title" x="{LEFT}" y="26">{escape(title)}</text>',
           f'<text class="muted" x="{LEFT}" y="47">{escape(shared)}</text>']
    out += axes_and_grid(x, y, x_values, x_name, y_name) + guide(x, y, lines) + drawn_lines(x, y, lines)
    for at, value, _ in targets:
        out += cross(x.at(at), y.at(value))
    return "\n".join(out + legend(lines, targets, legend_top, escape(y_name)) + ["</svg>", ""])
