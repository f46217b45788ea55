"""Documentation queries: what is asked, in which words, and what never is."""

from __future__ import annotations

import io
import json
import re
import zipfile
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_notes import ROUTE_IN_HEADING, Element, Site, made_note
from typer.testing import CliRunner

from opnote_audit.annotate.reading import Block, Mention, Reading
from opnote_audit.api import NoteAuditor, load_auditor
from opnote_audit.checks.predicates import OUTCOMES
from opnote_audit.checks.result import AuditResult, CheckResult
from opnote_audit.cli import app
from opnote_audit.errors import InputError, RuleFileError
from opnote_audit.paths import patterns_dir
from opnote_audit.query import DocumentationQuery, Drafter, Question
from opnote_audit.query.output import render, write_file
from opnote_audit.query.rules import load_templates
from opnote_audit.query.wording import ELIDED, elide, forbidden_word, holds_code_or_money
from opnote_audit.resolve.model import FusionFact, Operation, Pathology, Segment, Span
from opnote_audit.rules.checklist import load_checklist

RULES = patterns_dir()
CHECKLIST = load_checklist(RULES / "checklists" / "63057.json", OUTCOMES)
TEMPLATES = load_templates(RULES / "queries" / "63057.json", CHECKLIST)
FORMS = ("text", "markdown", "html")
TWO = (Site("T9"), Site("T10", style=1, side="right"))


@cache
def auditor() -> NoteAuditor:
    return load_auditor()


@cache
def drafter() -> Drafter:
    return Drafter()


def draft(text: str, result: AuditResult | None = None) -> DocumentationQuery:
    found = result or auditor().audit(text, "op")
    return drafter().draft(found, auditor().operation(text), auditor().read(text))


def without(*kinds: str, level: str = "T10") -> frozenset[Element]:
    """The elements of some kinds at one level, the route's word everywhere."""
    gone = {e for s in TWO for e in s.elements() if e.kind in kinds and e.level == level}
    if "route" in kinds:
        gone |= {ROUTE_IN_HEADING, *(e for s in TWO for e in s.elements() if e.kind == "route")}
    return frozenset(gone)


def the_question(query: DocumentationQuery, requirement: str) -> Question:
    return next(q for q in query.questions if requirement in {r for r, _ in q.findings})


def shown(query: DocumentationQuery, form: str) -> str:
    return render(query, drafter().words, form).decode("utf-8")


# What no text of a query may hold


def template_texts() -> list[tuple[str, str]]:
    texts = [(f"document {k}", v) for k, v in TEMPLATES.document.model_dump().items()]
    for template in TEMPLATES.templates:
        name = f"{template.requirement} {template.rule}"
        texts += [(f"{name} subject", template.subject), (f"{name} question", template.question)]
    return [*texts, ("no_level", TEMPLATES.no_level)]


@pytest.mark.parametrize(("name", "text"), template_texts())
def test_no_text_holds_a_code_money_or_a_word_of_payment(name: str, text: str) -> None:
    assert not re.search(r"\d", text), f"{name}: a query's own words need no figures"
    assert not re.search(r"[$€£%]", text)
    banned = r"cpt|icd|code|coding|pay|paid|reimburs|bill|claim|denial|denied|deny|fee|money|dollar"
    banned += r"|insur|medicare|rvu|revenue|modifier|add-on|audit|bundl|cover(?:ed|age)|units?"
    assert not re.search(rf"\b(?:{banned})", text, re.IGNORECASE), name


@pytest.mark.parametrize(("name", "text"), template_texts())
def test_no_text_leads_to_an_answer(name: str, text: str) -> None:
    # Whatever a requirement wants to hear stands in the record, or is not said at all.
    wanted = r"transpedicular|pedicle|laminectomy|stenosis|hernia|tumou?r|compression|decompress"
    assert not re.search(wanted, text, re.IGNORECASE), name
    assert not re.search(r"\b(?:should|would you agree|isn't|correct\?|please confirm)", text)


def test_every_finding_has_a_question_or_a_reason_for_none() -> None:
    findings = {
        (r.id, o.name)
        for r in CHECKLIST.requirements
        for o in r.outcomes
        if o.status in ("warn", "fail")
    }
    assert {(t.requirement, t.rule) for t in TEMPLATES.templates} == findings
    assert all(t.reason for t in TEMPLATES.templates)


CODES = ("63057", "63055-59", "22633", "0275T", "J3301", "M48.06", "C79.51", "G83.4", "M84.58XA")
AMOUNTS = ("$287.58", "$1,200", "300 dollars", "50 USD", "€40")
PLAIN = (
    "T10",
    "L4-L5",
    "T9-T11",
    "L45",
    "S1",
    "12.5 mm",
    "1,250 mL",
    "C5",
    "300 mL",
    "Th8",
    "2019",
)


@pytest.mark.parametrize("text", [*CODES, *AMOUNTS])
def test_codes_and_amounts_are_left_out_of_quotations(text: str) -> None:
    sentence = f"The level ({text}) was opened."
    assert holds_code_or_money(sentence)
    assert text.split("-")[0] not in elide(sentence)
    assert ELIDED in elide(sentence)


@pytest.mark.parametrize("text", PLAIN)
def test_levels_and_measures_are_not(text: str) -> None:
    assert elide(f"At {text} the lamina was opened.") == f"At {text} the lamina was opened."


@given(st.text(max_size=80))
def test_nothing_is_left_after_eliding(text: str) -> None:
    assert not holds_code_or_money(elide(text))


def test_forbidden_words_are_whole_words() -> None:
    assert forbidden_word("The Payer asks.", ("pay", "payer")) == "payer"
    assert forbidden_word("The report repays reading.", ("pay",)) is None


# What is asked


def test_a_supported_note_raises_no_question() -> None:
    query = draft(made_note(TWO))
    assert not query.questions
    assert not query.unasked
    assert TEMPLATES.document.no_questions in shown(query, "text")


@pytest.mark.parametrize(
    ("gone", "finding", "asks"),
    [
        (without("route"), ("R2", "described"), "does not name the surgical approach"),
        (without("pathology"), ("R3", "missing"), "What, if anything, was found at T10?"),
        (without("level"), ("R1", "unnamed"), "At which vertebral level"),
        (without("paragraph"), ("R1", "heading_only"), "names T10"),
    ],
)
def test_each_gap_is_asked_in_the_records_own_words(
    gone: frozenset[Element], finding: tuple[str, str], asks: str
) -> None:
    text = made_note(TWO, gone)
    question = next(q for q in draft(text).questions if finding in q.findings)
    assert asks in question.text
    assert question.quotes
    lines = text.splitlines()
    for quote in question.quotes:
        words = quote.text.strip("…").split()
        assert words[0] in lines[quote.line - 1] or " ".join(words) in " ".join(text.split())
        assert " ".join(words) in " ".join(text.split())


@given(gone=st.sets(st.sampled_from([ROUTE_IN_HEADING, *(e for s in TWO for e in s.elements())])))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_finding_of_the_audit_is_asked_or_left_with_a_reason(gone: set[Element]) -> None:
    text = made_note(TWO, frozenset(gone))
    result = auditor().audit(text, "op")
    query = draft(text, result)
    dealt_with = {f for q in query.questions for f in q.findings}
    dealt_with |= {(u.requirement, u.rule) for u in query.unasked}
    findings = {(c.id, c.rule) for c in result.checklist if c.status in ("warn", "fail")}
    assert findings <= dealt_with, text


def test_a_word_that_the_record_lacks_is_not_suggested() -> None:
    text = made_note(TWO, without("route"))
    assert "transpedicular" not in text.lower()
    for form in FORMS:
        assert "transpedicular" not in shown(draft(text), form).lower()


def test_a_not_applicable_note_is_not_asked_about() -> None:
    assert not draft(made_note((Site("T9"),))).questions


def test_findings_of_the_claim_are_left_out_of_the_query() -> None:
    text = made_note(TWO, without("pathology"))
    note = auditor().audit(text, "op")
    checks = (
        *note.checklist,
        CheckResult("C3", "fail", "Modifier 51 stands on 63057.", rule="modifier_51"),
        CheckResult("C1", "pass", "The primary is there."),
    )
    query = draft(text, AuditResult("op", None, note.verdict, checklist=checks))
    assert [(u.requirement, u.rule) for u in query.unasked] == [("C3", "modifier_51")]
    assert query.questions == draft(text).questions
    for form in FORMS:
        assert "51" not in shown(query, form).split("</style>")[-1]


# From operations written out

RECORD = (
    "PROCEDURE: Transpedicular decompression T9 and T10 (63055, 63057).\n"
    "DESCRIPTION: At T9 the pedicle was drilled away. At T10 we changed to a "
    "costotransversectomy.\nThe rib head was resected. Screws at T8 and T11. "
    "Arthrodesis was done.\n"
)


def span(words: str, kind: str = "act") -> Span:
    start = RECORD.index(words)
    return Span(start, start + len(words), kind)


def reading(mentions: tuple[tuple[str, str], ...] = ()) -> Reading:
    story = RECORD.index("DESCRIPTION")
    blocks = [
        Block("heading", 0, 10, story, "PROCEDURE"),
        Block("narrative", story, story + 12, len(RECORD), "DESCRIPTION"),
    ]
    found = []
    for label, words in mentions:
        at = span(words)
        found.append(Mention(label, "", at.start, at.end, 0, 0))
    return Reading(RECORD, blocks=blocks, mentions=found)


def first() -> Segment:
    return Segment(
        "T9", "primary", "transpedicular", "named",
        named=(span("Transpedicular"),), pedicle=(span("pedicle"),), treated=(span("pedicle"),),
        levels=(span("T9"),), pathologies=(Pathology("tumor", span("T9")),),
    )  # fmt: skip


def ask(operation: Operation, read: Reading | None = None) -> DocumentationQuery:
    result = AuditResult("op", None, "deficient")
    return drafter().draft(result, operation, read or reading())


def changed_route() -> Operation:
    second = Segment(
        "T10", "other", "costovertebral_extracavitary", "named",
        heading=(span("Transpedicular"),),
        other_route=(span("costotransversectomy"), span("rib head was resected")),
        treated=(span("rib head was resected"),), levels=(span("T10"),),
        pathologies=(Pathology("tumor", span("T10")),), offered=(span("Transpedicular"),),
    )  # fmt: skip
    return Operation(True, segments=(first(), second), primary_code="63055")


def test_two_statements_of_the_record_are_a_choice_between_them() -> None:
    read = reading((("APPROACH", "Transpedicular"), ("APPROACH", "costotransversectomy")))
    question = the_question(ask(changed_route(), read), "R2")
    assert question.options == ("Transpedicular (line 1)", "costotransversectomy (line 2)")
    out = shown(DocumentationQuery("op", (question,)), "text")
    assert "[ ] Other (please specify)" in out
    assert "[ ] Unable to determine" in out


def test_a_step_is_no_approach_to_choose_and_one_choice_would_lead() -> None:
    assert the_question(ask(changed_route()), "R2").options == ()


def test_codes_of_the_record_are_left_out_where_it_is_quoted() -> None:
    query = ask(changed_route())
    quote = the_question(query, "R2").quotes[0]
    assert quote.text == f"PROCEDURE: Transpedicular decompression T9 and T10 ({ELIDED}, {ELIDED})."
    assert (quote.line, quote.section) == (1, "heading")
    for form in FORMS:
        assert not re.search(r"630\d\d", shown(query, form))


def test_the_same_question_about_two_levels_is_asked_once() -> None:
    def only_headed(name: str, role: str) -> Segment:
        return Segment(
            name, role, "transpedicular", "named",
            heading=(span("Transpedicular"),), treated=(span("drilled away"),),
            levels=(span(name),), pathologies=(Pathology("tumor", span("T9")),),
        )  # fmt: skip

    operation = Operation(
        True,
        segments=(only_headed("T9", "primary"), only_headed("T10", "additional")),
        primary_code="63055",
    )
    query = ask(operation)
    assert len(query.questions) == 1
    assert set(query.questions[0].findings) == {("R2", "heading_only"), ("R4", "heading_only")}
    assert "T9 and T10 was reached" in query.questions[0].text


@pytest.mark.parametrize(
    ("operation", "finding"),
    [
        (
            Operation(
                True,
                segments=(first(),),
                primary_code="63055",
                billed=(span("63057"),),
            ),
            ("R1", "no_segment"),
        ),
        (
            Operation(
                True,
                segments=(
                    first(),
                    Segment(
                        "T10", "additional", "transpedicular", "named",
                        named=(span("Transpedicular"),), treated=(span("pedicle"),),
                        levels=(span("T10"),), pathologies=(Pathology("tumor", span("T10")),),
                    ),
                ),
                primary_code="63055",
                fusion=FusionFact(
                    True, "interbody", ("T9-T10",), (span("Arthrodesis", "fusion"),), (),
                    ("T9-T10",), True,
                ),
            ),
            ("R5", "interbody_same"),
        ),
    ],
)  # fmt: skip
def test_what_a_note_cannot_mend_is_not_asked(
    operation: Operation, finding: tuple[str, str]
) -> None:
    query = ask(operation)
    assert finding in {(u.requirement, u.rule) for u in query.unasked}
    assert not any(finding in q.findings for q in query.questions)


def test_a_finding_without_words_of_the_record_is_not_asked() -> None:
    bare = Segment("T10", "additional", "transpedicular", "named", named=(span("T10"),))
    query = ask(Operation(True, segments=(first(), bare), primary_code="63055"))
    unasked = {(u.requirement, u.rule): u.reason for u in query.unasked}
    assert "no words of its own" in unasked["R3", "untreated"]


def test_long_sentences_are_cut_between_words_and_say_so() -> None:
    words = " ".join(f"word{n}" for n in range(400))
    text = made_note(TWO, without("pathology")).replace("what lay in front", f"{words} tissue")
    for question in draft(text).questions:
        for quote in question.quotes:
            assert len(quote.text) < 400
            assert quote.text.strip("…") in " ".join(text.split())


# How it looks


def gaps() -> DocumentationQuery:
    return draft(made_note(TWO, without("pathology", "route")))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_quotes_lines_questions_and_room_to_sign(form: str) -> None:
    query = gaps()
    assert len(query.questions) >= 2
    out = " ".join(re.sub(r"<[^>]+>|[\\>*]", " ", shown(query, form)).split())
    for question in query.questions:
        assert " ".join(question.text.split()) in out
        for quote in question.quotes:
            assert f"line {quote.line}" in out
    for label in ("Signature", "Date", "Name in print", "Unable to determine"):
        assert label in out


def test_the_word_document_opens_and_says_the_same() -> None:
    query = gaps()
    document = docx.Document(io.BytesIO(render(query, drafter().words, "docx")))
    said = "\n".join(p.text for p in document.paragraphs)
    for question in query.questions:
        assert question.text in said
        assert all(quote.text in said for quote in question.quotes)
    assert [row.cells[0].text for row in document.tables[0].rows] == [
        "Name in print",
        "Signature",
        "Date",
        "Time",
    ]
    assert document.core_properties.author == ""
    assert "python-docx" not in document.core_properties.comments


def test_the_word_document_is_the_same_each_time_and_names_no_path() -> None:
    one, other = (render(gaps(), drafter().words, "docx") for _ in range(2))
    with zipfile.ZipFile(io.BytesIO(one)) as a, zipfile.ZipFile(io.BytesIO(other)) as b:
        assert {n: a.read(n) for n in a.namelist()} == {n: b.read(n) for n in b.namelist()}
        here = str(RULES.parent).encode()
        assert not any(here in a.read(n) for n in a.namelist())


class Tags(HTMLParser):
    """Collects the tags of a page and what they would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href", "action")]


def test_nothing_of_a_note_is_markup_and_the_page_loads_nothing() -> None:
    evil = '<img src="x" onerror="alert(1)">'
    text = made_note(TWO, without("pathology")).replace("what lay in front", f"{evil} tissue")
    query = draft(text)
    assert any("onerror" in quote.text for q in query.questions for quote in q.quotes)
    page = Tags()
    page.feed(shown(query, "html"))
    assert "img" not in page.tags
    assert "script" not in page.tags
    assert page.loads == []
    assert "\\<img" in shown(query, "markdown")


def test_control_characters_reach_no_form() -> None:
    text = made_note(TWO, without("pathology")).replace("lay in front", "lay\x1b[2J in\x00 front")
    query = draft(text)
    for form in (*FORMS, "docx"):
        assert b"\x1b" not in render(query, drafter().words, form) or form == "docx"
        assert query.questions


# The template file


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"rule": "bare_range"', '"rule": "bare"', "R1 'bare_range' is missing"),
        ("Please name it.", "Please name it as 63057.", "holds a code or an amount"),
        ("Please name it.", "Please name it; $200 hang on it.", "holds a code or an amount"),
        ("Please name it.", "Please name it for the payer.", "holds 'payer'"),
        ("Please name it.", "Please name {level}.", "may only use"),
        ('"subject": "Vertebral level",', "", "'subject', 'question' or 'quotes' is missing"),
        ('"Signature"', '"Signature, for the billing office"', "document, signature: holds"),
        ('"quotes": ["fusion", "act"]', '"quotes": ["rumour"]', "templates, entry"),
    ],
)
def test_a_broken_template_file_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = (RULES / "queries" / "63057.json").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "63057.json"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RuleFileError, match=re.escape(message)) as caught:
        load_templates(path, CHECKLIST)
    assert str(path) in str(caught.value)


# The command


def run(*args: str, stdin: str = "") -> tuple[int, bytes, str]:
    done = CliRunner().invoke(app, ["query", *args], input=stdin)
    return done.exit_code, done.stdout_bytes, done.stderr


@pytest.fixture
def gap_note(tmp_path: Path) -> Path:
    path = tmp_path / "op.txt"
    path.write_text(made_note(TWO, without("pathology")), encoding="utf-8")
    return path


def test_exit_codes(gap_note: Path) -> None:
    assert run(str(gap_note))[0] == 1
    code, out, err = run("-", stdin=made_note(TWO))
    assert code == 0
    assert b"no question" in out
    assert not err


def test_the_claim_never_adds_a_question(gap_note: Path, tmp_path: Path) -> None:
    claim = tmp_path / "claim.json"
    lines = [
        {"code": "63047", "units": 1, "modifiers": [], "diagnoses": ["M48.061"]},
        {"code": "63057", "units": 5, "modifiers": ["51"], "diagnoses": ["M48.06"]},
    ]
    claim.write_text(json.dumps({"claim_id": "1", "note_id": "op", "lines": lines}))
    code, out, err = run(str(gap_note), "--claim", str(claim))
    assert (code, out) == run(str(gap_note))[:2]
    assert "not asked: C3" in err
    assert not re.search(rb"630\d\d|\bclaim|\$", out)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"claim_id": "1", "note_id": "other", "lines": [', "claim.json"),
        ("nothing of the kind", "claim.json"),
    ],
)
def test_a_claim_that_cannot_be_used_is_said(
    gap_note: Path, tmp_path: Path, text: str, message: str
) -> None:
    claim = tmp_path / "claim.json"
    claim.write_text(text)
    code, out, err = run(str(gap_note), "--claim", str(claim))
    assert (code, out) == (2, b"")
    assert message in err
    assert "Traceback" not in err


def test_a_file_is_written_whole(gap_note: Path, tmp_path: Path) -> None:
    target = tmp_path / "query.docx"
    code, out, _ = run(str(gap_note), "--format", "docx", "--output", str(target))
    assert (code, out) == (1, b"")
    assert docx.Document(str(target)).paragraphs
    code, out, _ = run(str(gap_note), "--format", "docx")
    assert code == 1
    assert out[:2] == b"PK"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["op.txt", "query.docx"]


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        write_file(str(tmp_path), b"x")
    with pytest.raises(InputError, match="cannot be written"):
        write_file(str(tmp_path / "nowhere" / "query.txt"), b"x")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nowhere.txt"], "nowhere.txt: no such file"),
        (["-", "--format", "pdf"], "is not one of"),
        (["-", "--claim", "-"], "standard input (-) can be read only once"),
        (["-"], "<stdin>: "),
    ],
)
def test_wrong_use_is_said_in_words(args: list[str], message: str) -> None:
    code, out, err = run(*args)
    assert (code, out) == (2, b"")
    assert message in err
    assert "Traceback" not in err
