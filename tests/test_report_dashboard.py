"""The dashboard: sums that are right, rows that are all there, and nothing that acts."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_samples import HOSTILE, RESULT, SampleRow, failed, not_applicable, supported
from test_report_html import Page, policy_of

from opnote_audit.checks.result import AuditResult, CheckResult
from opnote_audit.fees import load_fees
from opnote_audit.paths import patterns_dir
from opnote_audit.report import charts
from opnote_audit.report.dashboard import render_dashboard, write_dashboard
from opnote_audit.report.rows import laid_out
from opnote_audit.report.tally import Tally, units_at_risk

ROWS = [
    SampleRow(supported("a", 2), {"Surgeon": "Dr. A", "date": "2026-03-01"}, "notes/a.html"),
    SampleRow(replace(RESULT, note_id="b"), {"Surgeon": "Dr. B", "date": ""}, "notes/b.html"),
    SampleRow(not_applicable("c"), {"Surgeon": "Dr. A", "date": "2026-03-02"}, "notes/c.html"),
    SampleRow(failed("d"), {"Surgeon": "", "date": "2026-03-03"}),
]


def render(rows: list[SampleRow]) -> str:
    return render_dashboard(rows, title="March")


def data(html: str) -> list[list[object]]:
    return list(json.loads(Page(html).text["rows"]))


def test_every_note_is_a_row_in_order() -> None:
    html = render(ROWS)
    assert [row[:8] for row in data(html)] == [
        ["a", "./notes/a.html", 0, 100.0, 2, 2, 0, "63055 T9"],
        ["b", "./notes/b.html", 2, 62.5, 0, 1, 1, "63055 T9"],
        ["c", "./notes/c.html", 3, None, 0, 0, 0, ""],
        ["d", 0, 4, None, 0, 0, 0, ""],
    ]
    assert [row[8:] for row in data(html)][:2] == [
        ["T10, T11", "00003", "", "Dr. A", "2026-03-01"],
        ["T10", "02201", "", "Dr. B", ""],
    ]
    assert data(html)[3][10] == "looks like a scan; there is no text in it"


def tiles(html: str) -> dict[str, str]:
    found = re.findall(
        r'<p class="name">(?:<span.*?</span> )?(.*?)</p><p class="figure">(.*?)</p>', html
    )
    return dict(found)


def test_the_sums() -> None:
    assert tiles(render(ROWS)) == {
        "supported": "1",
        "needs review": "0",
        "deficient": "1",
        "not applicable": "1",
        "error": "1",
        "Units supported": "2",
        "Units at risk": "1",
    }


def test_money_is_rvus_times_the_conversion_factor() -> None:
    html = render([SampleRow(supported(str(n), 2)) for n in range(3)])
    assert "<dd>51.66</dd>" in html  # 6 x 8.61
    assert "<dd>$1,725.48</dd>" in html  # 6 x 287.58
    assert load_fees(patterns_dir() / "cards").fee("63057") == Decimal("287.58")


def unnamed(result: AuditResult) -> AuditResult:
    return replace(result, checklist=(CheckResult("R1", "fail", "m", rule="unnamed"),))


@pytest.mark.parametrize(
    ("result", "units"),
    [
        (supported("s", 2), 0),
        (RESULT, 1),
        (replace(supported("s", 3), units_supported=1, units_possible=2), 2),
        (unnamed(not_applicable()), 1),
        (replace(supported("s", 1), units_billed=3), 2),
        (replace(supported("s", 2), units_billed=1), 0),
        (failed(), 0),
    ],
)
def test_units_at_risk(result: AuditResult, units: int) -> None:
    assert units_at_risk(result) == units


def tally_of(rows: list[SampleRow]) -> Tally:
    layout, iterator = laid_out(rows)
    tally = Tally(["Surgeon"], layout.checks)
    for row in iterator:
        tally.add(row)
    return tally


def test_counts_by_requirement_score_and_group() -> None:
    tally = tally_of(ROWS)
    assert dict(tally.checks["R2"]) == {"pass": 1, "fail": 1, "na": 1}
    assert tally.scores == [0, 0, 0, 0, 0, 0, 1, 0, 0, 1]
    assert {name: group.notes for name, group in tally.groups["Surgeon"].items()} == {
        "Dr. A": 2,
        "Dr. B": 1,
        "(none given)": 1,
    }
    assert tally.groups["Surgeon"]["Dr. A"].mean_score == 100
    assert tally.groups["Surgeon"]["(none given)"].mean_score is None
    most = {(one.check, one.rule): count for one, count in tally.findings.items()}
    assert most[("R2", "described")] == 1


@given(st.lists(st.floats(0, 100), max_size=30))
def test_every_score_is_in_one_bin(scores: list[float]) -> None:
    tally = tally_of([SampleRow(replace(supported(), score=score)) for score in scores])
    assert sum(tally.scores) == len(scores) == tally.all.scored


@pytest.mark.parametrize(
    ("column", "counted"),
    [("surgeon", True), ("Attending Surgeon", True), ("FACILITY_NAME", True), ("date", False)],
)
def test_groups_by_the_columns_that_name_who_and_where(column: str, counted: bool) -> None:
    html = render([SampleRow(supported(), {column: "x"})])
    assert (f">By {column}</h2>" in html) is counted


def test_claim_checks_get_their_columns() -> None:
    claim = (
        *supported().checklist,
        CheckResult("C10", "fail", "m"),
        CheckResult("C2", "warn", "m"),
    )
    html = render([SampleRow(replace(supported(), checklist=claim, units_billed=2))])
    assert json.loads(Page(html).text["layout"])["checks"][5:] == ["C2", "C10"]
    assert data(html)[0][9] == "0000312"
    assert "2 units billed on 1 claims" in html


def test_rows_are_gone_through_once_and_written_as_they_come() -> None:
    size: list[int] = []
    stream = io.StringIO()

    def rows() -> Iterator[SampleRow]:
        for number in range(1000):
            size.append(len(stream.getvalue()))
            yield SampleRow(supported(f"op-{number}"))

    write_dashboard(rows(), stream, title="March")
    assert len(size) == 1000
    # After the first rows, which are looked at for their columns, the page grows row by row.
    assert size[999] > size[600] > size[300] > 0
    assert len(data(stream.getvalue())) == 1000


def test_the_same_rows_give_the_same_page() -> None:
    assert render(ROWS) == render(ROWS)
    assert "2026-03-09 10:00" in render_dashboard(ROWS, title="March", generated="2026-03-09 10:00")


def test_a_batch_of_nothing_has_a_dashboard() -> None:
    html = render([])
    assert data(html) == []
    assert tiles(html)["supported"] == "0"


def test_many_groups_are_cut_and_said_to_be() -> None:
    html = render([SampleRow(supported(str(n)), {"surgeon": f"Dr. {n:04d}"}) for n in range(300)])
    assert "The 12 of 300 with most notes." in html
    assert "50 more with fewer notes are left out here" in html


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_acts_anywhere(text: str) -> None:
    check = CheckResult("R1", "fail", text, title=text, advice=text, rule=text)
    result = replace(RESULT, note_id=text, source=text, error=text, checklist=(check,))
    row = SampleRow(result, {f"surgeon {text}": text, text: text}, text)
    shown = render_dashboard([row], title=text, generated=text)
    calm_row = SampleRow(replace(result, note_id="n", checklist=()), {"surgeon": "x"}, "p")
    page, calm = Page(shown), Page(render([calm_row]))
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in calm.elements} | {"td", "tr"}
    assert sum(tag == "script" for tag, _ in page.elements) == 3
    for tag, values in page.elements:
        assert not [name for name in values if name.startswith("on") or name == "style"], tag
        assert "src" not in values
    (cells,) = data(shown)
    assert cells[0] == text
    assert re.match(r"\./[^:]*$", str(cells[1]))
    assert shown.encode()
    # Outside the data, which the page's own script shows, nothing acts invisibly either.
    outside = re.sub(r"<script.*?</script>", "", shown, flags=re.DOTALL)
    assert not set(outside) & set("\x00\x1b\u202e\u2066")


def test_the_policy_and_the_network() -> None:
    html = render(ROWS)
    policy = policy_of(Page(html))
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in str(policy)
    assert set(re.findall(r"https?://[^\s\"'<)]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


# -- the charts -----------------------------------------------------------------------------


def test_a_chart_has_its_numbers_and_tones_and_nothing_that_acts() -> None:
    svg = charts.stacked_bars(
        "x", 'Say "it" & <b>', ["one <b>", "two"], {"pass": [30, 10], "fail": [0, 20]}
    )
    page = Page(str(svg))
    assert {"script", "style", "desc", "title"}.isdisjoint(tag for tag, _ in page.elements)
    assert page.elements[0][1]["aria-label"] == 'Say "it" & <b>'
    assert re.findall(r'class="value">(\d+)<', str(svg)) == ["10", "30", "20"]
    assert {"tone-pass", "tone-fail"} <= set(re.findall(r"tone-\w+", str(svg)))
    widths = [
        float(width)
        for width in re.findall(r'<rect[^>]* width="([\d.]+)"[^>]*class="rect', str(svg))
    ]
    assert widths[0] * 3 == pytest.approx(widths[1])


def test_a_chart_is_the_same_every_time() -> None:
    draw = [charts.columns("x", "l", ["a", "b"], [1, 2]) for _ in range(2)]
    assert draw[0] == draw[1]
    assert "pygal" not in draw[0]
