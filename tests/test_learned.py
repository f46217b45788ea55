"""The trained components: what they see, how they decide, and that they never add anything."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from opnote_audit.annotate.pipeline import load_pipeline
from opnote_audit.annotate.reading import Suspicion
from opnote_audit.annotate.sections import Section
from opnote_audit.api import NoteAuditor, load_auditor
from opnote_audit.checks.result import AuditResult
from opnote_audit.errors import ModelFileError, RuleFileError
from opnote_audit.learned.artefact import NAMES, digest, load_classifier, read_manifest
from opnote_audit.learned.features import UNITS, Stems, keys_of
from opnote_audit.learned.order import Order
from opnote_audit.learned.pieces import joined, pieces, token_units
from opnote_audit.learned.sections import undivided
from opnote_audit.model_options import ModelOptions
from opnote_audit.paths import models_dir
from opnote_audit.training.frozen import reader_figures, section_figures

HEADED = """PREOPERATIVE DIAGNOSIS: Epidural tumor T9 and T10 with cord compression.
PROCEDURE: Transpedicular decompression of T9 and T10.
INDICATIONS: Her legs had been weak for three weeks. Risks were discussed and she agreed.
DESCRIPTION OF PROCEDURE: General anesthesia was induced and she was turned prone. The back was
prepped and draped. A midline incision was made. At T9 the left pedicle was drilled away
transpedicularly and the epidural tumor was removed with curettes. The same transpedicular
decompression was then done at T10, where tumor was removed. The wound was irrigated and
closed in layers with Vicryl. She went to recovery in stable condition.
"""


@pytest.fixture(scope="module")
def auditor() -> NoteAuditor:
    return load_auditor()


@pytest.fixture(scope="module")
def rules_alone() -> NoteAuditor:
    return load_auditor(models=ModelOptions(learned=False))


def headerless(text: str) -> str:
    lines = [line.partition(": ")[2] if ": " in line else line for line in text.splitlines()]
    return " ".join(lines)


# -- pieces -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        ["Myelopathy, T9", "Left transpedicular decompression, T9", "Mr. Vale is 61."],
        ["The T9 pedicle was drilled away and the tumor removed."],
        ["(1) Stenosis.", "(2) Herniation L3-L4", "(1) Decompression"],
        ["1) Stenosis", "2) Herniation 40 mL"],
        ["* Tumor T9", "* Fracture T10"],
        ["A. Decompression T9", "B. Decompression T10"],
        ["| 40 mL", "| none"],
        ["[Dr. Example]", "Assist", "[X] Yes", "[ ] No"],
        ["AN ALL CAPITAL LINE STAYS WHOLE"],
    ],
)
def test_pieces_begin_where_a_line_may_have_begun(wanted: list[str]) -> None:
    whole = " ".join(wanted)
    found = [whole[low:high] for low, high in pieces(whole, [(0, len(whole))])]
    assert found == wanted


@given(st.text(alphabet="aB9 .(1)*|\n", max_size=60))
def test_pieces_are_in_order_and_lose_only_white_space(text: str) -> None:
    found = pieces(text, [(0, len(text))])
    assert all(low <= high for low, high in found)
    gaps = [text[a[1] : b[0]] for a, b in pairwise(found)]
    assert all(gap.isspace() for gap in gaps)
    assert found[0][0] == 0
    assert found[-1][1] == len(text)


# -- features ---------------------------------------------------------------------------------


def units(auditor: NoteAuditor, *texts: str) -> Doc:
    whole, spans = joined(texts)
    doc = auditor.nlp.make_doc(whole)
    doc.user_data[UNITS] = token_units(spans, [token.idx for token in doc])
    return doc


def keys(doc: Doc, place: bool = False) -> list[list[int]]:
    found, _, lengths = keys_of(doc, Stems(), place)
    return [part.tolist() for part in np.split(found, np.cumsum(lengths)[:-1])]


def test_a_piece_is_seen_without_its_neighbours(auditor: NoteAuditor) -> None:
    alone = keys(units(auditor, "The pedicle was drilled"))
    beside = keys(units(auditor, "Tumor was removed", "The pedicle was drilled", "Closed"))
    assert beside[1] == alone[0]
    assert [len(part) % 4 for part in beside] == [0, 0, 0]


def test_numbers_are_known_by_their_shape(auditor: NoteAuditor) -> None:
    nine, ten, lumbar = (
        set(keys(units(auditor, f"the {level} pedicle"))[0]) for level in ("T9", "L4", "lumbar")
    )
    assert nine == ten
    assert nine != lumbar


def test_a_word_bent_or_misspelt_at_its_end_keeps_its_stem(auditor: NoteAuditor) -> None:
    right, wrong, other = (
        set(keys(units(auditor, word))[0]) for word in ("pedicle", "pedicular", "lamina")
    )
    assert right & wrong
    assert not right & other


def test_place_and_size_count_once_a_piece(auditor: NoteAuditor) -> None:
    doc = units(auditor, "Closed in layers", "Stable")
    plain, _, short = keys_of(doc, Stems(), False)
    found, weights, lengths = keys_of(doc, Stems(), True)
    assert short.tolist() == [12, 4]
    assert lengths.tolist() == [14, 6]
    assert len(found) == len(weights) == 20
    assert found[2:14].tolist() == plain[:12].tolist()
    assert found[16:].tolist() == plain[12:].tolist()
    assert set(found[[0, 1, 14, 15]].tolist()).isdisjoint(plain.tolist())


@pytest.mark.parametrize("texts", [[], [""]])
def test_nothing_to_see_gives_nothing(auditor: NoteAuditor, texts: Sequence[str]) -> None:
    doc = auditor.nlp.make_doc("x")
    doc.user_data[UNITS] = token_units([(0, 0) for _ in texts], [0])
    found, weights, lengths = keys_of(doc, Stems())
    assert (len(found), len(weights), lengths.tolist()) == (0, 0, [0 for _ in texts])


# -- the order of parts -------------------------------------------------------------------------


@given(
    st.lists(st.lists(st.integers(0, 2), max_size=6), max_size=6),
    st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), min_size=1, max_size=5),
)
def test_the_best_way_is_the_likeliest_of_all(
    sequences: list[list[int]], raw: list[list[float]]
) -> None:
    order = Order.learn(sequences, 3)
    likely = np.array(raw, np.float32)
    likely /= likely.sum(axis=1, keepdims=True)

    def score(path: Sequence[int]) -> float:
        steps = sum(order.after[a, b] for a, b in pairwise(path))
        words = sum(
            np.log(float(row[c]) + 1e-9) - order.share[c]
            for row, c in zip(likely, path, strict=True)
        )
        return float(order.start[path[0]] + steps + words)

    best = order.best(likely)
    most = max(score(path) for path in product(range(3), repeat=len(raw)))
    assert score(best) == pytest.approx(most, abs=1e-4)
    assert order.best(likely, first=2)[0] == 2


def test_an_order_survives_its_own_form() -> None:
    order = Order.learn([[0, 1, 1], [0, 0, 1]], 2)
    again = Order.from_data(json.loads(json.dumps(order.to_data())))
    assert np.allclose(order.after, again.after, atol=1e-4)


# -- when headers rule --------------------------------------------------------------------------


def section(kind: str, start: int, end: int, title: str = "T") -> Section:
    return Section(kind, start, start + 1, end, title)


def test_headers_rule_where_they_divide_the_note() -> None:
    found = [section("diagnosis", 0, 100), section("narrative", 100, 2000)]
    assert undivided(found, 2000) == []


def test_a_note_without_a_header_that_tells_is_undivided() -> None:
    found = [section("other", 0, 100), section("closing", 100, 300)]
    assert undivided(found, 300) == [Section("unheaded", 0, 0, 300)]


def test_a_header_that_swallowed_half_the_note_is_not_believed() -> None:
    swollen = section("diagnosis", 0, 1500)
    assert undivided([swollen, section("closing", 1500, 2000)], 2000) == [swollen]
    short = section("diagnosis", 0, 500)
    assert undivided([short, section("closing", 500, 550)], 550) == []


def test_a_headed_note_is_read_the_same_without_the_components(
    auditor: NoteAuditor, rules_alone: NoteAuditor
) -> None:
    with_them, without = auditor.audit(HEADED), rules_alone.audit(HEADED)
    assert with_them.sections_by == without.sections_by == "headers"
    assert with_them == without
    assert with_them.verdict == "supported"


def test_a_note_without_headers_is_divided_and_says_so(
    auditor: NoteAuditor, rules_alone: NoteAuditor
) -> None:
    text = headerless(HEADED)
    result = auditor.audit(text)
    assert result.sections_by == "classifier"
    assert [remark.kind for remark in result.remarks] == ["sections"]
    assert result.verdict == "supported"
    kinds = [block.kind for block in auditor.read(text).blocks]
    assert kinds[0] == "diagnosis"
    assert {"heading", "narrative"} <= set(kinds)
    alone = rules_alone.audit(text)
    assert alone.sections_by == "content"
    assert alone.remarks == ()


def test_sections_cover_the_note_in_order(auditor: NoteAuditor) -> None:
    text = headerless(HEADED)
    blocks = auditor.read(text).blocks
    assert blocks[0].start == 0
    assert blocks[-1].end == len(text)
    assert all(a.end == b.start for a, b in pairwise(blocks))


def test_a_piece_that_names_an_operation_is_no_diagnosis(auditor: NoteAuditor) -> None:
    text = (
        "Transpedicular thoracic decompression T6-T7 and T8-T9, right, for disc herniations with "
        "myelopathy.\n" + headerless(HEADED).partition("Her legs")[2]
    )
    assert auditor.audit(text).sections_by == "classifier"
    assert auditor.read(text).blocks[0].kind != "diagnosis"


def test_after_the_patient_lies_on_the_table_nothing_is_a_heading(auditor: NoteAuditor) -> None:
    text = (
        "R leg pain. Two separate lesions.\nGA. Prone. Prepped and draped.\nLevels checked with "
        "fluoro.\nTwo small incisions, tube, scope.\nL2-3: medial facet thinned. Top of R L3 "
        "pedicle drilled off - transpedicular decompression. Extruded disc, caudal. Out in four "
        "bits. Sac soft.\nL4-5: tube re-docked. R L5 pedicle drilled off. Cyst removed.\n"
        "Vicryl x2. EBL 60. Home in the morning.\n"
    )
    reading = auditor.read(text)
    assert reading.sections_by == "classifier"
    later = {s.kind for s in reading.sentences if s.start >= text.index("Levels")}
    assert later.isdisjoint({"diagnosis", "heading", "indication"})


# -- the second reader --------------------------------------------------------------------------

UNFORESEEN = (
    "DESCRIPTION OF PROCEDURE: General anesthesia was induced and the patient was turned prone. "
    "A midline incision was made and retractors were placed. With the burr the intrapedicular "
    "core of T9 was consumed until the transpedicular window admitted a curette, and the tumor "
    "ventral to the cord was delivered through it. The wound was closed in layers with Vicryl."
)


def test_where_the_rules_place_nothing_the_sentence_is_for_review(
    rules_alone: NoteAuditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "DESCRIPTION OF PROCEDURE: The lamina of T9 was removed. The incision was closed."
    assert rules_alone.audit(text).verdict == "not_applicable"
    result = audit_with(rules_alone, text, "The lamina of T9 was removed.", ("T9",), monkeypatch)
    assert result.verdict == "needs_review"
    assert (result.units_supported, result.units_possible) == (0, 0)
    assert [check.status for check in result.checklist] == ["na", "warn", "na", "na", "na"]
    r2 = result.checklist[1]
    assert r2.rule == "unplaced"
    assert r2.evidence[0].text == "The lamina of T9 was removed."
    assert result.score == 50.0


@pytest.mark.parametrize(
    ("sentence", "segments"),
    [
        # A first segment that the rules have placed is no further one.
        ("At T9 the left pedicle was drilled away transpedicularly.", ("T9",)),
        # The family is thoracic and lumbar.
        ("The wound was closed.", ("C5",)),
    ],
)
def test_what_the_rules_explain_is_not_for_review(
    rules_alone: NoteAuditor,
    monkeypatch: pytest.MonkeyPatch,
    sentence: str,
    segments: tuple[str, ...],
) -> None:
    text = (
        "PROCEDURE: Transpedicular decompression of T9.\nDESCRIPTION: The back was opened. At T9 "
        "the left pedicle was drilled away transpedicularly. The epidural tumor was removed at "
        "T9. The wound was closed."
    )
    result = audit_with(rules_alone, text, sentence, segments, monkeypatch)
    assert result.verdict == "not_applicable"
    other = audit_with(rules_alone, text, sentence, ("T11",), monkeypatch)
    assert other.verdict == "needs_review"


def audit_with(
    rules: NoteAuditor,
    text: str,
    sentence: str,
    segments: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> AuditResult:
    """Audit ``text`` with a second reader that believes one sentence."""
    start = text.index(sentence)

    def believe(doc: Doc) -> Doc:
        reading = doc.user_data["opnote"]
        reading.suspicions = (Suspicion(start, start + len(sentence), 0.99, segments),)
        return doc

    monkeypatch.setattr(rules, "_second", believe)
    return rules.audit(text)


def test_the_second_reader_reads_what_no_rule_knows(auditor: NoteAuditor) -> None:
    believed = auditor.read(UNFORESEEN).suspicions
    assert believed
    assert "transpedicular window" in UNFORESEEN[believed[0].start : believed[0].end]
    assert believed[0].segments == ("T9",)


@pytest.mark.parametrize(
    "words",
    [
        "No transpedicular decompression was carried out at T9 or at T10.",
        "A transpedicular decompression of T9 was considered and was not done.",
        "Transpedicular.",
    ],
)
def test_what_the_rules_understood_as_not_done_is_left_to_them(
    auditor: NoteAuditor, words: str
) -> None:
    text = f"DESCRIPTION OF PROCEDURE: The back was opened. {words} The wound was closed."
    assert auditor.read(text).suspicions == ()


WORDS = st.sampled_from(
    [
        "transpedicular ", "T9 ", "T10 ", "pedicle ", "was drilled ", "the same ", "at ", ". ",
        "decompression ", "lamina ", "tumor ", "no ", "planned ", "screw ", "The ", "cord ",
        "removed ", "PROCEDURE: ", "\n", "through ", "L3-L4 ", "additional segment ",
    ]
)  # fmt: skip


@given(st.lists(WORDS, min_size=1, max_size=50).map("".join).filter(str.strip))
@settings(max_examples=150, deadline=None)
def test_a_suspicion_never_adds_a_segment_or_a_unit(text: str) -> None:
    result = WITH.audit(f"DESCRIPTION OF PROCEDURE: {text}")
    alone = WITHOUT.audit(f"DESCRIPTION OF PROCEDURE: {text}")
    assert result.segments == alone.segments
    assert result.units_supported == alone.units_supported
    assert result.units_possible == alone.units_possible
    if result.verdict != alone.verdict:
        assert (alone.verdict, result.verdict) == ("not_applicable", "needs_review")
        assert result.suspected


WITH, WITHOUT = load_auditor(), load_auditor(models=ModelOptions(learned=False))


# -- the files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_packaged_components_give_their_recorded_figures(
    rules_alone: NoteAuditor, name: str
) -> None:
    folder = models_dir() / name
    measure = {"section_classifier": section_figures, "second_reader": reader_figures}[name]
    found = measure(load_classifier(folder, rules_alone.nlp.vocab), rules_alone.nlp)
    recorded = read_manifest(folder).figures
    assert found == {key: recorded[key] for key in found}
    assert len(found) == 2


@pytest.mark.parametrize("name", NAMES)
def test_the_card_tells_of_every_figure(name: str) -> None:
    folder = models_dir() / name
    card = (folder / "CARD.md").read_text(encoding="utf-8")
    figures = read_manifest(folder).figures
    assert len(figures) >= 4
    for key, figure in figures.items():
        assert f"| {key} | {figure['value']:.3f} |" in card


def test_the_models_are_small() -> None:
    files = [path for path in models_dir().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 10_000_000


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = Path(shutil.copytree(models_dir(), tmp_path / "models"))
    monkeypatch.setattr("opnote_audit.annotate.pipeline.models_dir", lambda: home)
    return home


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "classifier" / "model").write_bytes(b"x"), "is not the file"),
        (lambda folder: (folder / "classifier" / "model").unlink(), "is missing"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "not valid JSON"),
    ],
)
def test_a_damaged_component_is_said(copied: Path, name: str, damage: object, words: str) -> None:
    damage(copied / name)  # type: ignore[operator]
    with pytest.raises(ModelFileError, match=words) as caught:
        load_pipeline()
    assert name in str(caught.value)
    assert "--no-models" in str(caught.value)
    assert isinstance(caught.value, RuleFileError)
    # Nothing else breaks without them.
    assert load_auditor(models=ModelOptions(learned=False)).audit(HEADED).verdict == "supported"


def test_a_component_that_is_exchanged_with_its_manifest_is_used(copied: Path) -> None:
    folder = copied / "second_reader"
    cfg = folder / "classifier" / "cfg"
    data = json.loads(cfg.read_text(encoding="utf-8"))
    data["threshold"] = 1.5
    cfg.write_text(json.dumps(data), encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["classifier/cfg"] = digest(cfg)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert load_auditor().read(UNFORESEEN).suspicions == ()


def test_spacy_users_see_what_the_components_say() -> None:
    nlp = load_pipeline()
    assert "opnote_second_reader" in nlp.pipe_names
    assert nlp(UNFORESEEN)._.opnote.suspicions
    assert nlp(headerless(HEADED))._.opnote.sections_by == "classifier"
    assert "opnote_second_reader" not in load_pipeline(learned=False).pipe_names
