"""The dashboard of a batch: where documentation fails, and a table that leads to every note.

The page is written as the rows pass: each becomes a short line of JSON in the page and a few
counts, so that a hundred thousand notes take no more memory than ten. The table is drawn from
that JSON in the browser, a page of it at a time.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TextIO

from markupsafe import Markup

from opnote_audit.checks.result import CODE
from opnote_audit.fees import FeeTable, load_fees
from opnote_audit.paths import patterns_dir
from opnote_audit.report import charts
from opnote_audit.report.rows import Layout, Row, laid_out
from opnote_audit.report.style import Style, verdict_status, words
from opnote_audit.report.tally import BINS, STATUSES, VERDICTS, Group, Tally, units_at_risk
from opnote_audit.report.templating import assets, environment, local_href, script_json

GROUP_BY = ("surgeon", "facility")
"""A carried column is counted by when its name has one of these words in it."""

_CHART_GROUPS = 12
_TABLE_GROUPS = 250
_FINDINGS = 12
_VERDICT_TONES = {
    "supported": "pass",
    "needs_review": "warn",
    "deficient": "fail",
    "not_applicable": "na",
    "error": "error",
}


def render_dashboard(
    rows: Iterable[Row],
    *,
    title: str,
    generated: str | None = None,
    group_by: Sequence[str] = GROUP_BY,
) -> str:
    """Return the dashboard as one text; see :func:`write_dashboard` for large batches."""
    page = io.StringIO()
    write_dashboard(rows, page, title=title, generated=generated, group_by=group_by)
    return page.getvalue()


def write_dashboard(
    rows: Iterable[Row],
    stream: TextIO,
    *,
    title: str,
    generated: str | None = None,
    group_by: Sequence[str] = GROUP_BY,
) -> None:
    """Write the dashboard while going through the rows once.

    Parameters
    ----------
    rows
        The rows, in the order of the table.
    stream
        Where to write; text that any encoding of Unicode can hold.
    title
        The page's title: what was audited.
    generated
        When, as it is to be shown. Without it the same rows give the same page.
    group_by
        Words by which to know the carried columns that notes are counted by.

    Raises
    ------
    RuleFileError
        The fee file cannot be used.
    """
    fees = load_fees(patterns_dir() / "cards")
    layout, iterator = laid_out(rows)
    grouped = [name for name in layout.carried if any(word in name.casefold() for word in group_by)]
    tally = Tally(grouped, layout.checks)
    parts = (
        environment()
        .get_template("dashboard.html")
        .generate(
            assets=assets("dashboard"),
            title=title,
            generated=generated or "",
            lines=_lines(iterator, tally, layout),
            layout=script_json(_layout(layout)),
            # Asked for by the template once all rows are through.
            summary=lambda: _summary(tally, fees),
        )
    )
    for part in parts:
        stream.write(part)


def _lines(rows: Iterable[Row], tally: Tally, layout: Layout) -> Iterator[Markup]:
    """Yield each row as an element of a JSON array, counting it on the way."""
    comma = Markup("")
    for row in rows:
        tally.add(row)
        yield comma + script_json(_cells(row, layout))
        comma = Markup(",\n")


def _layout(layout: Layout) -> dict[str, Any]:
    style = Style()
    return {
        "verdicts": [
            {
                "name": words(name),
                "tone": verdict_status(name),
                "sign": style.symbol(verdict_status(name)),
            }
            for name in VERDICTS
        ],
        "statuses": [{"name": name, "sign": style.symbol(name)} for name in STATUSES],
        "checks": layout.checks,
        "carried": layout.carried,
    }


def _cells(row: Row, layout: Layout) -> list[Any]:
    """Return a row for the page's script, which knows the places by heart (``dashboard.js``)."""
    result = row.result
    statuses = {check.id: STATUSES.index(check.status) for check in result.checklist}
    return [
        result.note_id,
        local_href(row.page) if row.page else 0,
        VERDICTS.index(result.verdict),
        result.score,
        result.units_supported,
        result.units_possible,
        units_at_risk(result),
        " ".join(filter(None, (result.primary_code, result.primary_segment))),
        ", ".join(segment.segment for segment in result.segments if segment.role == "additional"),
        "".join(str(statuses.get(check, "-")) for check in layout.checks),
        result.error or "",
        *(row.columns.get(name, "") for name in layout.carried),
    ]


def _summary(tally: Tally, fees: FeeTable) -> dict[str, Any]:
    return {
        "notes": tally.notes,
        "verdicts": _verdicts(tally),
        "units": _units(tally, fees),
        "fees": fees,
        "rvu": fees.rvus[CODE].total,
        "fee": fees.fee(CODE),
        "claims": tally.claims,
        "billed": tally.billed,
        "checks": _checks(tally),
        "scores": _scores(tally),
        "findings": _findings(tally),
        "groups": [_grouping(name, groups) for name, groups in tally.groups.items()],
    }


def _verdicts(tally: Tally) -> dict[str, Any]:
    style = Style()
    counts = tally.all.verdicts
    present = [name for name in VERDICTS if counts[name] or name != "error"]
    return {
        "tiles": [
            {
                "name": words(name),
                "tone": verdict_status(name),
                "sign": style.symbol(verdict_status(name)),
                "count": counts[name],
                "share": _percent(counts[name], tally.notes),
            }
            for name in present
        ],
        "chart": charts.stacked_bars(
            "verdicts",
            "Notes by verdict: " + ", ".join(f"{words(name)} {counts[name]}" for name in present),
            [words(name) for name in present],
            {
                _VERDICT_TONES[name]: [counts[name] if name == row else 0 for row in present]
                for name in present
            },
        ),
    }


def _units(tally: Tally, fees: FeeTable) -> list[dict[str, Any]]:
    total = fees.rvus[CODE].total
    return [
        {
            "name": name,
            "tone": tone,
            "units": units,
            "rvus": f"{total * units:,.2f}",
            "fee": _dollars(fees.fee(CODE, units)),
        }
        for name, tone, units in (
            ("Units supported", "pass", tally.all.supported),
            ("Units at risk", "warn", tally.all.at_risk),
        )
    ]


def _checks(tally: Tally) -> dict[str, Any]:
    rows = [
        {"id": check, "title": tally.titles.get(check, ""), **{s: counts[s] for s in STATUSES}}
        for check, counts in tally.checks.items()
    ]
    # Notes of another family pass and fail nothing; they would only make the bars shorter.
    judged = ("fail", "warn", "pass")
    return {
        "rows": rows,
        "chart": charts.stacked_bars(
            "requirements",
            "Failures by requirement: "
            + "; ".join(f"{row['id']} {row['fail']} fail, {row['warn']} warn" for row in rows),
            list(tally.checks),
            {status: [counts[status] for counts in tally.checks.values()] for status in judged},
        ),
    }


def _scores(tally: Tally) -> dict[str, Any]:
    width = 100 // BINS
    names = [
        f"{low}–{low + width - 1 if low + width < 100 else 100}" for low in range(0, 100, width)
    ]
    return {
        "rows": list(zip(names, tally.scores, strict=True)),
        "scored": tally.all.scored,
        "mean": tally.all.mean_score,
        "chart": charts.columns(
            "scores",
            "Distribution of scores: "
            + ", ".join(f"{name}: {n}" for name, n in zip(names, tally.scores, strict=True) if n),
            [str(low) for low in range(0, 100, width)],
            tally.scores,
        ),
    }


def _findings(tally: Tally) -> list[dict[str, Any]]:
    style = Style()
    ranked = sorted(
        tally.findings.items(), key=lambda item: (-item[1], item[0].check, item[0].rule)
    )
    return [
        {
            "check": finding.check,
            "rule": words(finding.rule),
            "status": finding.status,
            "sign": style.symbol(finding.status),
            "title": finding.title,
            "advice": finding.advice,
            "count": count,
            "share": _percent(count, tally.notes),
        }
        for finding, count in ranked[:_FINDINGS]
    ]


def _grouping(name: str, groups: Mapping[str, Group]) -> dict[str, Any]:
    ranked = sorted(groups.items(), key=lambda item: (-item[1].notes, item[0]))
    drawn = ranked[:_CHART_GROUPS]
    return {
        "name": name,
        "count": len(ranked),
        "drawn": len(drawn),
        "left_out": max(0, len(ranked) - _TABLE_GROUPS),
        "rows": [
            {
                "name": value,
                "notes": group.notes,
                "verdicts": [group.verdicts[verdict] for verdict in VERDICTS],
                "supported": group.supported,
                "at_risk": group.at_risk,
                "mean": group.mean_score,
            }
            for value, group in ranked[:_TABLE_GROUPS]
        ],
        "chart": charts.stacked_bars(
            "by-" + "".join(char for char in name.casefold() if char.isascii() and char.isalnum()),
            f"Verdicts by {name}, the {len(drawn)} with most notes; the table has the numbers",
            [value for value, _ in drawn],
            {
                tone: [group.verdicts[verdict] for _, group in drawn]
                for verdict, tone in _VERDICT_TONES.items()
            },
        ),
    }


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def _dollars(amount: Decimal) -> str:
    return f"${amount:,.2f}"
