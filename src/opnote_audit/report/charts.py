"""Charts as inline SVG: pygal lays them out, the page's own style colours them.

pygal's script, style, tool tips and time stamp are taken out of what it draws: the page's
policy allows none of them, and the same numbers must give the same file. Tones come as classes
(``tone-pass`` ...), so that light, dark and paper each have their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from opnote_audit.report.cells import printable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_WIDTH = 480
_ROW = 30
_AXIS = 34
_LABEL_CHARS = 24
# About what a character takes, so that a number is printed on a part of a bar only where it fits.
_CHAR = 8
_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_DROPPED = ("style", "script", "desc", "title")


def stacked_bars(
    name: str, label: str, rows: Sequence[str], series: Mapping[str, Sequence[int]]
) -> Markup:
    """Return horizontal bars, a row each, made of parts.

    Parameters
    ----------
    name
        An id for the chart, of letters and hyphens, unlike any other in the page.
    label
        What the chart shows, for those who cannot see it.
    rows
        The names of the bars, from the top.
    series
        By tone (``pass``, ``warn``, ``fail``, ``na`` or ``error``), the count in each row, in
        the order of ``rows``.
    """
    import pygal

    names = [_short(row) for row in rows]
    longest = max([1, *(sum(counts) for counts in zip(*series.values(), strict=True))])
    room = _WIDTH - _CHAR * (3 + max(map(len, names), default=0))

    def fitting(value: int) -> str:
        text = f"{value:,}"
        return text if room * value / longest > _CHAR * (len(text) + 1) else ""

    chart = pygal.HorizontalStackedBar(**_config(_AXIS + _ROW * len(rows), fitting))
    # pygal draws its first row at the bottom.
    chart.x_labels = names[::-1]
    for tone, counts in series.items():
        chart.add(tone, list(reversed(counts)))
    return _svg(chart, name, label, list(series))


def columns(name: str, label: str, rows: Sequence[str], counts: Sequence[int]) -> Markup:
    """Return upright columns, one a row of ``rows``, for a distribution.

    Parameters
    ----------
    name, label
        As for :func:`stacked_bars`.
    rows
        The names under the columns, from the left.
    counts
        Their heights.
    """
    import pygal

    chart = pygal.Bar(**_config(220, _compact))
    chart.x_labels = list(rows)
    chart.add("count", list(counts))
    return _svg(chart, name, label, ["score"])


def _config(height: int, formatter: Callable[[int], str]) -> dict[str, Any]:
    from pygal.style import Style

    return {
        "width": _WIDTH,
        "height": height,
        "margin": 6,
        "spacing": 8,
        "min_scale": 2,
        "max_scale": 7,
        "js": [],
        "css": [],
        "show_legend": False,
        "print_values": True,
        "print_values_position": "center",
        "formatter": formatter,
        "show_y_guides": False,
        "show_x_guides": False,
        # Sizes count for the layout only; the page's style sets the same.
        "style": Style(label_font_size=13, major_label_font_size=13, value_font_size=12),
        "no_data_text": "",
    }


def _svg(chart: Any, name: str, label: str, tones: Sequence[str]) -> Markup:
    chart.uuid = name

    def clean(root: Element) -> Element:
        _strip(root)
        root.set("role", "img")
        root.set("aria-label", printable(label))
        root.set("class", "chart")
        for element in root.iter():
            classes = str(element.get("class", "")).split()
            for number, tone in enumerate(tones):
                if f"color-{number}" in classes:
                    element.set("class", " ".join([*classes, f"tone-{tone}"]))
        return root

    chart.add_xml_filter(clean)
    # pygal escapes all text through its XML library.
    return Markup(chart.render(is_unicode=True, disable_xml_declaration=True))


def _strip(element: Element) -> None:
    for child in list(element):
        tag = child.tag
        # A comment's tag is a function.
        gone = callable(tag) or tag.removeprefix(_SVG) in _DROPPED
        if gone or "tooltip-overlay" in str(child.get("class", "")):
            element.remove(child)
            continue
        child.attrib.pop("style", None)
        child.attrib.pop(_HREF, None)
        _strip(child)


def _compact(value: int) -> str:
    """Return a count in four characters at most, since columns are narrow."""
    if value < 1000:
        return str(value) if value else ""
    return f"{value / 1000:.1f}k" if value < 9950 else f"{value / 1000:.0f}k"


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _LABEL_CHARS else shown[: _LABEL_CHARS - 1] + "…"
