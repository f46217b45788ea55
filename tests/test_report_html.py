"""The page of a note: the note exactly, lit up, and nothing in it that acts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_samples import EVIL, HOSTILE, NOTE, RESULT, TEXT, as_shown, failed, supported

from opnote_audit.annotate.reading import Block
from opnote_audit.checks.result import CheckResult, Evidence, Fusion, SegmentResult
from opnote_audit.errors import InputError
from opnote_audit.read import Note
from opnote_audit.report import FORMATS, TextOptions
from opnote_audit.report.findings import findings_text
from opnote_audit.report.highlight import KINDS, find_places, kind_of, note_markup
from opnote_audit.report.html import render_note_html
from opnote_audit.report.spine_drawing import draw_spine, segment_status
from opnote_audit.report.templating import local_href, script_json

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Collects elements with their attributes, and the text inside each that has an id."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self.runs: list[tuple[str, str]] = []
        self._open: list[tuple[str, str | None, str | None]] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert len(values) == len(attrs), f"an attribute twice in <{tag}>"
        self.elements.append((tag, values))
        if tag not in VOID:
            self._open.append((tag, values.get("id"), values.get("data-e")))
            if values.get("data-e"):
                self.runs.append((str(values["data-e"]), ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        opened, *_ = self._open.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_data(self, data: str) -> None:
        for _, name, run in self._open:
            if name:
                self.text[name] = self.text.get(name, "") + data
            if run:
                numbers, so_far = self.runs[-1]
                self.runs[-1] = (numbers, so_far + data)

    def lit(self, number: int) -> str:
        """The words under one place's highlight, over all its pieces."""
        return "".join(text for numbers, text in self.runs if str(number) in numbers.split())


def page_of(**changes: Any) -> Page:
    return Page(render_note_html(replace(RESULT, **changes), NOTE))


def test_the_page_holds_the_note_code_point_for_code_point() -> None:
    assert page_of().text["text"] == as_shown(TEXT)


def test_every_highlight_is_exactly_its_words() -> None:
    page = page_of()
    places = find_places(RESULT, len(TEXT))
    assert len(places) == 9
    for place in places:
        assert page.lit(place.number) == as_shown(TEXT[place.start : place.end])


def test_overlapping_places_share_their_piece() -> None:
    pieces = [text for _, text in page_of().runs]
    crossing = [text for text in pieces if text in ("we went ", "on to", " T10")]
    assert crossing == ["we went ", "on to", " T10"]
    (shared,) = [numbers for numbers, text in page_of().runs if text == "on to"]
    assert len(shared.split()) == 2


@given(st.text(st.characters(codec=None)), st.data())
def test_any_note_with_any_places_is_shown_exactly(text: str, data: st.DataObject) -> None:
    offset = st.integers(-2, len(text) + 2)
    spans = data.draw(st.lists(st.tuples(offset, offset), max_size=8))
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=8, max_size=8))
    evidence = tuple(
        Evidence(low, high, "", None, kind) for (low, high), kind in zip(spans, kinds, strict=False)
    )
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=4)))
    sections = [
        Block("narrative", low, data.draw(st.integers(low, high)), high, "T")
        for low, high in pairwise(cuts)
    ]
    result = replace(supported(), checklist=(CheckResult("R1", "fail", "m", evidence),))
    places = find_places(result, len(text))
    markup = f'<div id="text">{note_markup(text, places, sections)}</div>'
    page = Page(markup)
    assert page.text.get("text", "") == as_shown(text)
    for place in places:
        assert page.lit(place.number) == as_shown(text[place.start : place.end])


def test_line_ends_survive_as_they_are() -> None:
    # Raw, the HTML parser of a browser would turn both into a newline.
    html = str(note_markup("a\r\nb\rc\n", []))
    assert html == "a&#13;\nb&#13;<br>c\n"


def test_what_acts_invisibly_is_shown_by_name() -> None:
    html = str(note_markup("\x00\x1b\u202e\u2028\ud800", []))
    assert re.findall('data-name="([^"]+)"', html) == [
        "null",
        "escape",
        "U+202E",
        "U+2028",
        "U+D800",
    ]
    assert html.encode()


def test_right_to_left_text_and_joined_emoji_are_left_alone() -> None:
    text = "\u05e9\u05dc\u05d5\u05dd \u200f 👩\u200d⚕️ e\u0301"
    assert str(note_markup(text, [])) == text


# -- nothing acts ---------------------------------------------------------------------------


def policy_of(page: Page) -> dict[str, str]:
    (content,) = [
        str(values["content"])
        for tag, values in page.elements
        if tag == "meta" and values.get("http-equiv") == "Content-Security-Policy"
    ]
    return dict(part.strip().split(" ", 1) for part in content.split(";"))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_acts_anywhere(text: str) -> None:
    evidence = (Evidence(0, len(text), text, text, text),)
    check = CheckResult("R1", "fail", text, evidence, text, text, text, (text,))
    result = replace(
        RESULT, note_id=text, source=text, encoding=text, checklist=(check,), approach_evidence=()
    )
    result = replace(result, segments=(replace(RESULT.segments[0], pathologies=(text,)),))
    calm = replace(result, note_id="n", source="s", encoding="e", checklist=())
    shown = render_note_html(
        result, Note(text, text, text), back_link=text, columns={text: f"x{text}"}
    )
    calmly = render_note_html(calm, Note("n", "n"), back_link="b", columns={"c": "d"})
    page, expected = Page(shown), Page(calmly)
    tags = {tag for tag, _ in page.elements}
    assert tags <= {tag for tag, _ in expected.elements} | {
        "a",
        "p",
        "b",
        "li",
        "ol",
        "ul",
        "h3",
        "div",
        "button",
        "span",
        "strong",
    }
    assert sum(tag == "script" for tag, _ in page.elements) == 2
    for tag, values in page.elements:
        assert not [name for name in values if name.startswith("on") or name == "style"], tag
        href = values.get("href")
        assert href is None or re.match(r"#|\./|data:,$", href), href
        assert "src" not in values
    assert shown.encode()
    assert "\x00" not in shown
    assert "\u202e" not in re.sub(r'<span class="ctl".*?</span>', "", shown)


def test_the_policy_allows_the_pages_own_style_and_script_alone() -> None:
    html = render_note_html(RESULT, NOTE)
    policy = policy_of(Page(html))
    assert policy["default-src"] == "'none'"
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (body,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert policy[directive] == f"'sha256-{digest}'"


def test_nothing_is_loaded_from_anywhere() -> None:
    html = render_note_html(RESULT, NOTE, back_link="../report.html")
    addresses = set(re.findall(r"[a-z]+://[^\s\"'<)]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"@import|url\((?!#)", html)


@pytest.mark.parametrize(
    ("path", "href"),
    [
        ("notes/op-1.html", "./notes/op-1.html"),
        ("../report.html", "./../report.html"),
        ("javascript:x", "./javascript%3Ax"),
        ("//host.example/x", ".///host.example/x"),
        ("\\\\host\\x", ".///host/x"),
        ("a b#c?d%e", "./a%20b%23c%3Fd%25e"),
    ],
)
def test_links_stay_beside_the_page(path: str, href: str) -> None:
    assert local_href(path) == href


def test_json_in_a_page_cannot_end_its_element() -> None:
    value = ["</script><!--<script>", "a&b'", "\u2028\ud800"]
    assert not set(script_json(value)) & set("<>&'\u2028\ud800")
    assert json.loads(script_json(value)) == value


# -- what is in it --------------------------------------------------------------------------


def test_requirements_lead_to_their_evidence_and_back() -> None:
    html = render_note_html(RESULT, NOTE)
    page = Page(html)
    owners = json.loads(page.text["owners"])
    picks = {values["data-pick"] for _, values in page.elements if "data-pick" in values}
    assert {"R1", "R2", "R3", "R4", "R5", "segment-0", "segment-1"} == picks
    assert {owner for numbers in owners.values() for owner in numbers} - {"operation"} <= picks
    ids = [values["id"] for _, values in page.elements if values.get("id")]
    assert len(ids) == len(set(ids))
    for _, values in page.elements:
        href = values.get("href") or ""
        if href.startswith("#"):
            assert href[1:] in ids
    # The worst requirement comes first: it is what a highlight shows when it is chosen.
    assert next(owner for owner in owners.values() if "R1" in owner and "R2" in owner)[0] == "R2"


def test_kinds_of_evidence() -> None:
    kinds = ["named", "pedicle", "pathology", "freed", "level", "elsewhere", "no such kind", None]
    shown = [kind_of(Evidence(0, 1, "x", None, kind)) for kind in kinds]
    assert shown == [
        "approach",
        "approach",
        "pathology",
        "act",
        "level",
        "fusion",
        "other",
        "other",
    ]


def test_sections_have_their_titles() -> None:
    html = render_note_html(RESULT, NOTE)
    for title in ("PREOPERATIVE DIAGNOSIS", "PROCEDURE PERFORMED", "DESCRIPTION OF PROCEDURE"):
        assert f'aria-label="Section {title}"' in html
        assert re.search(rf'<a href="#section-\d+">{title}</a>', html)


def test_settled_sections_say_their_kind() -> None:
    blocks = [Block("indication", 0, 0, 10, ""), Block("narrative", 10, 10, len(TEXT), "")]
    html = render_note_html(RESULT, NOTE, sections=blocks)
    assert html.count('data-kind="narrative"') == html.count('data-kind="indication"') == 1


def test_the_rest_of_the_page() -> None:
    html = render_note_html(RESULT, NOTE, back_link="../report.html")
    assert 'href="./../report.html"' in html
    for words in ("posterolateral, T9-T10, T10-T11", "63055 at T9", "62.5", "Ask which corridor"):
        assert words in html
    assert html == render_note_html(RESULT, NOTE, back_link="../report.html")


def test_billed_units_are_shown_with_a_claim() -> None:
    assert "<dt>Billed</dt>" in render_note_html(replace(RESULT, units_billed=2), NOTE)
    assert "<dt>Billed</dt>" not in render_note_html(RESULT, NOTE)


def test_a_redacted_page_has_places_and_no_words() -> None:
    text = "The zzmarker was drilled. yymarker"
    evidence = (Evidence(4, 12, "zzmarker", "narrative", "act"),)
    result = replace(RESULT, checklist=(CheckResult("R2", "fail", "m", evidence),), segments=())
    result = replace(result, approach_evidence=evidence)
    html = render_note_html(result, Note(text, "n"), redacted=True)
    assert "marker" not in html
    assert "character 5" in html
    without_text = render_note_html(result, Note("", "n"))
    assert "marker" not in without_text
    assert "characters 4 to 12" in without_text


def test_a_note_that_changed_since_is_told() -> None:
    assert "Changed since the audit" in render_note_html(RESULT, replace(NOTE, text="x" + TEXT))
    assert "Changed since the audit" not in render_note_html(RESULT, NOTE)


def test_a_note_that_could_not_be_audited_has_a_page() -> None:
    html = render_note_html(failed(), Note("", "op-e"))
    assert "looks like a scan" in html
    Page(html)


# -- the spine ------------------------------------------------------------------------------


def segment(name: str, role: str = "additional", **values: Any) -> SegmentResult:
    usual = {"approach": "transpedicular", "pathologies": ("tumor",), "treated": True}
    return SegmentResult(name, "thoracic", role, **{**usual, "supported": True, **values})  # type: ignore[arg-type]


def drawn(*segments: SegmentResult, **values: Any) -> str:
    return str(draw_spine(replace(supported(), segments=segments, **values)))


def test_the_spine_is_drawn_from_t1_to_s1() -> None:
    names = re.findall(r'class="name[^>]*>([A-Z]\d+)<', drawn())
    assert names == [f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)] + ["S1"]


@pytest.mark.parametrize(("name", "extra"), [("C7-T1", "C7"), ("L6", "L6"), ("S1-S2", "S2")])
def test_vertebrae_beyond_are_drawn_where_named(name: str, extra: str) -> None:
    assert f">{extra}</text>" in drawn(segment(name))


def test_a_segment_says_role_approach_pathology_and_status() -> None:
    svg = drawn(segment("T10", "other", approach="posterior", pathologies=(), supported=False))
    for words in ("T10 other", ">posterior<", "no pathology stated", "not of this family"):
        assert words in svg


def test_fused_levels_are_bracketed_and_joined() -> None:
    fused = Fusion(True, "interbody", ("L3-L4", "L4-L5", "T9-T10"))
    assert drawn(fusion=fused).count('class="fused"') == 2
    assert "interbody fusion: level not stated" in drawn(fusion=Fusion(True, "interbody"))


def test_a_segment_never_named_is_not_forgotten() -> None:
    unnamed = (CheckResult("R1", "fail", "m", rule="unnamed"),)
    assert "whose level is never named" in drawn(checklist=unnamed)
    assert "whose level is never named" not in drawn()


@given(
    st.lists(st.sampled_from([f"T{n}" for n in range(1, 13)] + ["L4-L5", "T12-L1"]), unique=True)
)
def test_labels_never_cover_each_other(names: list[str]) -> None:
    svg = drawn(*(segment(name, pathologies=("tumor", "osteophyte", "cyst")) for name in names))
    rows = [
        float(y)
        for y in re.findall(r'<text class="(?:head|line|verdict)" x="\d+" y="([\d.]+)"', svg)
    ]
    assert all(low + 13.9 <= high for low, high in pairwise(rows))
    height = float(re.search(r'viewBox="0 0 \d+ (\d+)"', svg)[1])  # type: ignore[index]
    assert not rows or rows[-1] <= height


@pytest.mark.parametrize(
    ("role", "is_supported", "checks", "status"),
    [
        ("additional", True, [("R1", "pass", ())], "pass"),
        ("additional", True, [("R5", "fail", ("T10",))], "fail"),
        ("additional", True, [("R5", "warn", ("T11",))], "pass"),
        ("additional", False, [("R2", "warn", ("T10",))], "warn"),
        # R2 names only the segments of its worst outcome; T10 is weak, so it is not called good.
        ("additional", False, [("R2", "fail", ("T11",))], "fail"),
        ("primary", True, [("R4", "warn", ())], "warn"),
        ("primary", True, [("R4", "na", ())], "na"),
        ("other", False, [("R2", "fail", ("T10",))], "fail"),
        ("other", False, [("R2", "pass", ())], "na"),
    ],
)
def test_how_a_segment_stands(
    role: str, is_supported: bool, checks: list[tuple[str, Any, tuple[str, ...]]], status: str
) -> None:
    checklist = tuple(CheckResult(i, s, "m", segments=names) for i, s, names in checks)
    one = segment("T10", role, supported=is_supported)
    assert segment_status(replace(supported(), checklist=checklist), one) == status


# -- as text, and from the command line -------------------------------------------------------


def test_findings_as_text() -> None:
    text = findings_text(RESULT, NOTE)
    assert text.splitlines()[1] == "Units: 63057 x 0 supported, 1 possible; score 62.5"
    assert "  T10 (additional): posterior; none stated; treated; not supported" in text
    assert '  "we went on to" (line 6)' in text
    assert "  To mend: Ask which corridor was used." in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e\ud800-\udfff]", text)
    assert "we went" not in findings_text(RESULT, NOTE, redacted=True)


def test_the_block_to_copy_is_that_text() -> None:
    page = page_of()
    assert page.text["findings"] == findings_text(RESULT, NOTE)
    assert EVIL in page.text["findings"]


def test_the_format_makes_one_page() -> None:
    output = FORMATS["html"](TextOptions())
    assert output.add(RESULT, NOTE) == ""
    with pytest.raises(InputError, match="one note"):
        output.add(RESULT, NOTE)
    assert output.close() == render_note_html(RESULT, NOTE)


def test_the_page_survives_an_output_without_unicode() -> None:
    output = FORMATS["html"](TextOptions(unicode=False))
    output.add(RESULT, NOTE)
    page = output.close()
    assert page.isascii()
    assert Page(page).text["text"] == as_shown(TEXT).replace("\x85", "\ufffd")
