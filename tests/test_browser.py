"""The pages in a real browser: from disk, in silence, by keyboard, in light, dark and print.

Without Chromium these tests are skipped on a developer's machine and fail where ``CI`` is set.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import browser
import pytest
from page_samples import (
    EVIL,
    HOSTILE,
    NOTE,
    RESULT,
    TEXT,
    SampleRow,
    as_shown,
    failed,
    not_applicable,
    supported,
)

from opnote_audit.checks.result import AuditResult, CheckResult, Evidence, Remark
from opnote_audit.read import Note
from opnote_audit.report.dashboard import render_dashboard
from opnote_audit.report.findings import findings_text
from opnote_audit.report.highlight import find_places
from opnote_audit.report.html import render_note_html

pytestmark = pytest.mark.browser

if not (browser.CHROMIUM and browser.DRIVER) and not os.environ.get("CI"):
    pytest.skip(
        "no Chromium here: install Debian's chromium and chromium-driver to run these tests",
        allow_module_level=True,
    )

BONE = TEXT.index("bone")
REMARKED = replace(
    RESULT,
    remarks=(
        Remark(
            "possible_pathology",
            "T10: possible pathology",
            (Evidence(BONE, BONE + 4, "bone", "diagnosis", "possible_pathology"),),
            ("T10",),
        ),
        Remark("other", "A remark about the whole note."),
    ),
)
"""The same note with something for the reviewer to look at."""

SIZES = [(1600, 1000), (1366, 768), (1024, 768), (390, 844)]


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with browser.chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def keys() -> Any:
    from selenium.webdriver.common.keys import Keys

    return Keys


class Opened:
    """A page opened from disk; at the end it must have been silent, and asked for nothing."""

    def __init__(self, driver: Any, path: Path, html: str) -> None:
        path.write_text(html, encoding="utf-8", newline="")
        self.driver = driver
        self.url = path.as_uri()
        driver.get("about:blank")
        driver.get_log("browser")
        browser.requests(driver)
        browser.screen(driver)
        driver.get(self.url)

    def js(self, code: str, *arguments: Any) -> Any:
        return self.driver.execute_script(code, *arguments)

    def texts(self, selector: str) -> list[str]:
        found = self.js(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector
        )
        return list(found)

    def press(self, *pressed: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        for key in pressed:
            ActionChains(self.driver).send_keys(key).perform()

    def focused(self, expression: str) -> Any:
        return self.js(f"const e = document.activeElement; return {expression}")

    def until(self, code: str) -> None:
        end = time.monotonic() + 5
        while not self.js(code):
            assert time.monotonic() < end, f"never came true: {code}"
            time.sleep(0.02)

    def was_quiet(self) -> None:
        assert self.driver.get_log("browser") == []
        asked = [url for url in browser.requests(self.driver) if not url.startswith("data:")]
        assert {url.partition("#")[0] for url in asked} == {self.url}
        assert self.js("return window.pwned") is None


@pytest.fixture
def note_page(chrome: Any, tmp_path: Path) -> Iterator[Opened]:
    page = Opened(chrome, tmp_path / "note.html", render_note_html(RESULT, NOTE))
    yield page
    page.was_quiet()


# -- the note's page --------------------------------------------------------------------------


def test_the_browser_holds_the_note_exactly(note_page: Opened) -> None:
    assert note_page.js("return document.getElementById('text').textContent") == as_shown(TEXT)


def test_highlights_are_exactly_the_evidence(note_page: Opened) -> None:
    for place in find_places(RESULT, len(TEXT)):
        pieces = note_page.texts(f'#text .hl[data-e~="{place.number}"]')
        assert "".join(pieces) == as_shown(TEXT[place.start : place.end])


def test_long_overlaps_line_ends_and_scripts_of_the_world(chrome: Any, tmp_path: Path) -> None:
    text = (
        "\n\r\n\ra\tb  c\r\n"
        + "שלום T9 مرحبا 👩\u200d⚕️ e\u0301 \x00\x7f\x9f\ufeff\U0010ffff" * 40
        + "\n"
    )
    evidence = tuple(Evidence(n, n + 11 + n % 7, "", None, "act") for n in range(0, len(text), 5))
    result = replace(supported(), checklist=(CheckResult("R3", "warn", "m", evidence),))
    page = Opened(chrome, tmp_path / "n.html", render_note_html(result, Note(text, "n")))
    assert page.js("return document.getElementById('text').textContent") == as_shown(text)
    for place in find_places(result, len(text)):
        pieces = page.texts(f'#text .hl[data-e~="{place.number}"]')
        assert "".join(pieces) == as_shown(text[place.start : place.end])
    page.was_quiet()


def test_a_lone_carriage_return_is_seen_as_a_line_end(chrome: Any, tmp_path: Path) -> None:
    heights = []
    for name, text in (("cr", "one\rtwo"), ("crlf", "one\r\ntwo"), ("lf", "one\ntwo")):
        page = Opened(chrome, tmp_path / name, "")
        page = Opened(
            chrome, tmp_path / f"{name}.html", render_note_html(not_applicable(), Note(text, "n"))
        )
        heights.append(page.js("return document.getElementById('text').offsetHeight"))
    assert len(set(heights)) == 1


def test_turned_text_cannot_reorder_what_follows(chrome: Any, tmp_path: Path) -> None:
    note = Note("T9 \u202eabc\u202c then T10", "n")
    page = Opened(chrome, tmp_path / "n.html", render_note_html(not_applicable(), note))
    left = page.js(
        """
        const walker = document.createTreeWalker(
          document.getElementById('text'), NodeFilter.SHOW_TEXT);
        const left = [];
        while (walker.nextNode()) {
          for (let n = 0; n < walker.currentNode.length; n++) {
            const range = document.createRange();
            range.setStart(walker.currentNode, n);
            range.setEnd(walker.currentNode, n + 1);
            left.push(range.getBoundingClientRect().left);
          }
        }
        return [4, 5, 6, 9].map((at) => left[at]);
        """
    )
    assert left == sorted(left)


def test_choosing_a_requirement_shows_its_evidence(note_page: Opened) -> None:
    note_page.js("document.querySelector('[data-pick=R2]').click()")
    lit = note_page.texts("#text .hl.on")
    assert lit == ["T9 ", "pedicle", " was", "we went ", "on to", " T10"]
    assert note_page.js("return document.querySelector('[data-pick=R2]').ariaPressed") == "true"
    assert note_page.texts(".selected .what") == ["Approach"]
    assert note_page.texts("#said") == ["R2: 3 places in the note."]
    note_page.js("document.querySelector('[data-pick=R2]').click()")
    assert note_page.texts("#text .hl.on") == []


def test_choosing_a_segment_shows_its_evidence(note_page: Opened) -> None:
    note_page.js("document.querySelector('[data-pick=segment-0]').click()")
    assert note_page.texts("#text .hl.on") == ["Disc herniation", "T9", "pedicle"]


def test_choosing_a_highlight_shows_its_requirement(note_page: Opened) -> None:
    click = "document.querySelector('#text .k-fusion').click()"
    note_page.js(click)
    assert note_page.texts(".check.selected .badge") == ["!R5 warn"]
    # A stretch that is evidence for several things shows them one after the other.
    click = (
        "[...document.querySelectorAll('#text .hl')].find(e => e.textContent === ' T10').click()"
    )
    seen = []
    for _ in range(2):
        note_page.js(click)
        seen += note_page.texts(".selected [data-pick] .badge")
    assert seen == ["✗R2 fail", "✓R1 pass"]


def test_a_remark_leads_to_its_words_and_back(chrome: Any, tmp_path: Path) -> None:
    page = Opened(chrome, tmp_path / "p.html", render_note_html(REMARKED, NOTE))
    page.js("document.querySelector('[data-pick=remark-0]').click()")
    assert page.texts("#text .hl.on") == ["bone"]
    assert page.texts("#said") == ["remark: 1 place in the note."]
    assert page.js("return !document.querySelector('[data-pick=remark-1]')")
    page.js("document.querySelector('[data-pick=remark-0]').click()")
    page.js("document.querySelector('#text .k-possible_pathology').click()")
    assert page.texts(".selected .what") == ["T10: possible pathology"]
    page.was_quiet()


def test_the_keyboard_walk(note_page: Opened, keys: Any) -> None:
    page = note_page
    page.press(keys.TAB)
    assert page.focused("e.className") == "skip"
    page.press(keys.ENTER, keys.TAB)
    assert page.focused("e.dataset.pick") == "R1"
    page.press(keys.TAB, keys.ENTER)
    assert page.focused("e.dataset.pick") == "R2"
    assert page.focused("e.ariaPressed") == "true"
    page.press(keys.TAB)
    assert page.focused("e.textContent").startswith("“T9 pedicle was")
    page.press(keys.ENTER)
    assert page.focused("e.textContent") == "T9 "
    # The arrows stay within what is chosen.
    page.press(keys.ARROW_RIGHT)
    assert page.focused("e.textContent") == "pedicle"
    page.press(keys.END)
    assert page.focused("e.textContent") == "on to"
    page.press(keys.HOME, keys.ARROW_LEFT)
    assert page.focused("e.textContent") == "T9 "
    page.press(keys.ESCAPE)
    assert page.texts("#text .hl.on") == []
    # Without a choice they go through all; Enter leads to the requirement, Escape back.
    page.press(keys.END)
    assert page.focused("e.textContent") == "a cage"
    page.press(keys.ENTER)
    assert page.focused("e.dataset.pick") == "R5"
    page.press(keys.ESCAPE)
    assert page.focused("e.textContent") == "a cage"
    page.press(keys.SPACE)
    assert page.focused("e.dataset.pick") == "R5"


def test_the_note_is_one_stop_for_the_tabulator(note_page: Opened, keys: Any) -> None:
    reached = []
    for _ in range(40):
        note_page.press(keys.TAB)
        reached.append(note_page.focused("e.id || e.dataset.pick || e.dataset.e || e.className"))
        if reached[-1] == "findings":
            break
    inside = note_page.js("return document.querySelectorAll('#text .hl[tabindex=\"0\"]').length")
    assert inside == 1
    order = [
        name
        for name in reached
        if name in ("skip", "R1", "R2", "R5", "segment-0", "copy", "findings")
    ]
    assert order == ["skip", "R1", "R2", "R5", "segment-0", "copy", "findings"]


def test_the_findings_can_be_copied(note_page: Opened) -> None:
    note_page.driver.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    note_page.js("document.getElementById('copy').click()")
    note_page.until("return document.getElementById('said').textContent === 'Copied.'")
    copied = note_page.driver.execute_async_script(
        "navigator.clipboard.readText().then(arguments[0], (error) => arguments[0](String(error)))"
    )
    assert copied == findings_text(RESULT, NOTE)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_note_can_do_anything(text: str, chrome: Any, tmp_path: Path) -> None:
    evidence = (Evidence(0, len(text), text, text, "act"),)
    check = CheckResult("R1", "fail", text, evidence, text, text, text)
    result = replace(RESULT, note_id=text, source=text, checklist=(check,), approach_evidence=())
    page = Opened(chrome, tmp_path / "n.html", render_note_html(result, Note(text * 2, text)))
    page.js("document.querySelectorAll('button, #text a').forEach((e) => e.click())")
    assert page.js("return document.getElementById('text').textContent") == as_shown(text * 2)
    page.was_quiet()


def test_the_policy_stops_what_the_template_would_let_through(chrome: Any, tmp_path: Path) -> None:
    """A second wall: even markup that got in would not run, and could not send anything."""
    smuggled = f"{EVIL}<img src='https://host.example/x' onerror='window.pwned=1'>"
    html = render_note_html(RESULT, NOTE).replace("<footer", smuggled + "<footer")
    page = Opened(chrome, tmp_path / "n.html", html)
    assert page.js("return window.pwned") is None
    # The performance log lists requests that the policy stopped as well, but as never sent.
    blocked = [entry["message"] for entry in chrome.get_log("browser")]
    assert any("script" in line and "Content Security Policy" in line for line in blocked)
    assert any("img" in line and "Content Security Policy" in line for line in blocked)
    browser.requests(chrome)


# -- the dashboard ----------------------------------------------------------------------------


def rows() -> list[SampleRow]:
    made: list[AuditResult] = []
    for number in range(260):
        name = f"op-{number}"
        made.append(
            [
                supported(name, 1 + number % 3),
                not_applicable(name),
                failed(name),
                replace(RESULT, note_id=name),
            ][number % 4]
        )
    made[7] = replace(made[7], note_id=EVIL)
    return [
        SampleRow(
            one,
            {
                "surgeon": f"Dr. {'ABC'[n % 3]}{EVIL if n == 7 else ''}",
                "date": f"2026-03-{n % 28 + 1:02}",
            },
            f"notes/op-{n}.html",
        )
        for n, one in enumerate(made)
    ]


@pytest.fixture
def dashboard(chrome: Any, tmp_path: Path) -> Iterator[Opened]:
    page = Opened(chrome, tmp_path / "report.html", render_dashboard(rows(), title=f"March {EVIL}"))
    yield page
    page.was_quiet()


def count_of(page: Opened) -> str:
    return page.texts("#count")[0]


def test_the_table_has_every_note_and_its_link(dashboard: Opened) -> None:
    assert count_of(dashboard) == "Notes 1 to 100 of 260"
    links: list[str] = []
    while True:
        links += dashboard.js(
            "return [...document.querySelectorAll('#table tbody th a')]"
            ".map(e => e.getAttribute('href'))"
        )
        if dashboard.js("return document.querySelector('#pager button:nth-child(3)').disabled"):
            break
        dashboard.js("document.querySelector('#pager button:nth-child(3)').click()")
    assert links == [f"./notes/op-{n}.html" for n in range(260)]


def test_a_row_opens_its_note(chrome: Any, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    for name in ("op 1#%.html", "op-2.html"):
        html = render_note_html(RESULT, NOTE, back_link="../report.html")
        (tmp_path / "notes" / name).write_text(html, encoding="utf-8")
    made = [SampleRow(RESULT, page="notes/op 1#%.html"), SampleRow(RESULT, page="notes/op-2.html")]
    page = Opened(chrome, tmp_path / "report.html", render_dashboard(made, title="m"))
    for number in (1, 2):
        page.js(f"document.querySelector('#table tbody tr:nth-child({number}) a').click()")
        page.until("return document.getElementById('text') !== null")
        page.js("document.querySelector('.back').click()")
        page.until("return document.getElementById('table') !== null")


def test_the_table_sorts(dashboard: Opened) -> None:
    first = "#table tbody tr:first-child"
    sort = (
        "[...document.querySelectorAll('#table .sort')].find(e => e.textContent === '%s').click()"
    )
    dashboard.js(sort % "Score")
    dashboard.js(sort % "Score")
    assert dashboard.texts(f"{first} td:nth-child(3)") == ["100"]
    assert (
        dashboard.js("return document.querySelector('#table [aria-sort]').ariaSort") == "descending"
    )
    dashboard.js(sort % "Note")
    shown = [name for name in dashboard.texts("#table tbody th") if name.startswith("op-")]
    assert shown == sorted(shown, key=lambda name: int(name[3:]))
    dashboard.js(sort % "R2")
    assert dashboard.texts(f"{first} td:nth-child(10)") == ["✗ fail"]


def choose(page: Opened, field: str, value: str) -> None:
    page.js(
        "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event('input', { bubbles: true }))",
        field,
        value,
    )


def test_the_table_filters(dashboard: Opened) -> None:
    choose(dashboard, "verdict", "0")
    dashboard.until("return document.getElementById('count').textContent.includes('of 65 that')")
    assert set(dashboard.texts("#table tbody td:nth-child(2)")) == {"✓ supported"}
    choose(dashboard, "search", "dr. a 2026-03-01")
    dashboard.until("return !document.getElementById('count').textContent.includes('of 65 that')")
    matching = [
        row
        for row in rows()
        if row.result.verdict == "supported"
        and row.columns == {"surgeon": "Dr. A", "date": "2026-03-01"}
    ]
    assert len(dashboard.texts("#table tbody tr")) == len(matching) > 0
    dashboard.js("document.querySelector('#filters [type=reset]').click()")
    dashboard.until("return document.getElementById('count').textContent.endsWith('of 260')")
    choose(dashboard, "requirement", "1:2")
    dashboard.until("return document.getElementById('count').textContent.includes('of 65 that')")
    choose(dashboard, "search", "no such words")
    dashboard.until("return document.getElementById('count').textContent.startsWith('No note')")


def test_the_dashboard_by_keyboard(dashboard: Opened, keys: Any) -> None:
    dashboard.press(keys.TAB, keys.ENTER, keys.TAB)
    assert dashboard.focused("e.id") == "search"
    dashboard.press("o", "p", "-", "4", "2")
    dashboard.until("return document.querySelectorAll('#table tbody tr').length === 1")
    dashboard.js("document.querySelector('#table .sort').focus()")
    dashboard.press(keys.ENTER)
    assert dashboard.js("return document.querySelector('#table th').ariaSort") == "ascending"


def test_the_small_tables_sort(dashboard: Opened) -> None:
    table = "[aria-labelledby=h-group-1] table"
    assert dashboard.texts("#h-group-1") == ["By surgeon"]
    before = [int(n) for n in dashboard.texts(f"{table} tbody td:nth-child(2)")]
    dashboard.js(f"document.querySelector('{table} th:nth-child(2) .sort').click()")
    assert [int(n) for n in dashboard.texts(f"{table} tbody td:nth-child(2)")] == sorted(before)


def test_hostile_words_in_the_table_are_words(chrome: Any, tmp_path: Path) -> None:
    made = [
        SampleRow(replace(RESULT, note_id=text, error=text), {"surgeon": text, text: text}, text)
        for text in HOSTILE
    ]
    page = Opened(chrome, tmp_path / "report.html", render_dashboard(made, title=EVIL))
    page.js("document.querySelectorAll('button').forEach((e) => e.click())")
    hrefs = page.js("return [...document.querySelectorAll('#table a')].map(e => e.href)")
    assert len(hrefs) == len(HOSTILE)
    folder = tmp_path.as_uri()
    assert all(href.startswith(folder) for href in hrefs), hrefs
    assert EVIL in page.texts("#table tbody th")
    page.was_quiet()


# -- for everybody ----------------------------------------------------------------------------

CONTRAST = """
const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
function rgba(color) {
  probe.clearRect(0, 0, 1, 1); probe.fillStyle = color; probe.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
}
const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3]));
function ground(element) {
  const layers = [];
  for (let e = element; e; e = e.parentElement) {
    layers.push(rgba(getComputedStyle(e).backgroundColor));
  }
  return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
}
const linear = (c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const light = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
const weak = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let checked = 0;
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (element.closest('script, svg, .hidden, :disabled')) continue;
  if (!walker.currentNode.data.trim()) continue;
  if (!element.getClientRects().length) continue;
  const below = ground(element);
  const ink = over(rgba(getComputedStyle(element).color), below);
  const [high, low] = [light(ink), light(below)].sort((a, b) => b - a);
  checked++;
  const ratio = (high + 0.05) / (low + 0.05);
  if (ratio < 4.5) weak.push([element.className, walker.currentNode.data.slice(0, 30), ratio]);
}
// Text in drawings stands on the bar, or on the card, that lies under its middle.
for (const text of document.querySelectorAll('svg text')) {
  if (!text.textContent.trim()) continue;
  const box = text.getBoundingClientRect();
  if (!box.width) continue;
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const bars = [...text.ownerSVGElement.querySelectorAll('rect, path')].filter((bar) => {
    const b = bar.getBoundingClientRect();
    const under = b.left <= x && x <= b.right && b.top <= y && y <= b.bottom;
    return under && getComputedStyle(bar).fill !== 'none' && !bar.closest('pattern');
  });
  const below = bars.reduce((under, bar) => {
    const style = getComputedStyle(bar);
    const fill = style.fill.startsWith('url') ? [0, 0, 0, 0] : rgba(style.fill);
    fill[3] *= Number(style.fillOpacity);
    return over(fill, under);
  }, ground(text.closest('.card')));
  const ink = rgba(getComputedStyle(text).fill);
  const [high, low] = [light(ink), light(below)].sort((a, b) => b - a);
  checked++;
  const ratio = (high + 0.05) / (low + 0.05);
  if (ratio < 4.5) weak.push(['svg ' + text.getAttribute('class'), text.textContent, ratio]);
}
return [checked, weak];
"""


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize("name", ["note", "chosen", "dashboard"])
def test_contrast_is_enough(name: str, scheme: str, chrome: Any, tmp_path: Path) -> None:
    made = [*rows()[:90], SampleRow(supported("x"), {"surgeon": "Dr. Z"}, "x.html")]
    is_note = name != "dashboard"
    html = (
        render_note_html(REMARKED, NOTE, back_link="r.html")
        if is_note
        else render_dashboard(made, title="March")
    )
    page = Opened(chrome, tmp_path / "p.html", html)
    media = {"media": "print"} if scheme == "print" else {"scheme": scheme}
    browser.screen(chrome, **media)
    if name == "chosen":
        page.js("document.querySelector('[data-pick=R2]').click()")
    checked, weak = page.js(CONTRAST)
    assert checked > 60
    assert weak == []
    if scheme == "dark":
        assert (
            page.js("return getComputedStyle(document.body).backgroundColor") == "rgb(16, 21, 28)"
        )
    page.was_quiet()


@pytest.mark.parametrize("name", ["note", "dashboard"])
def test_everything_to_act_on_has_a_name(name: str, chrome: Any, tmp_path: Path) -> None:
    html = (
        render_note_html(RESULT, NOTE, back_link="r.html")
        if name == "note"
        else render_dashboard(rows(), title="March")
    )
    page = Opened(chrome, tmp_path / "p.html", html)
    chrome.execute_cdp_cmd("Accessibility.enable", {})
    nodes = chrome.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    acting = {
        "button",
        "link",
        "searchbox",
        "textbox",
        "combobox",
        "spinbutton",
        "image",
        "region",
        "navigation",
    }
    named = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored") and node.get("role", {}).get("value") in acting
    ]
    assert len(named) > 20
    assert [role for role, label in named if not label.strip()] == []
    assert page.js("return document.documentElement.lang") == "en"
    assert len(page.texts("h1")) == len(page.texts("main")) == 1
    page.was_quiet()


def test_the_drawing_is_told_to_those_who_cannot_see_it(note_page: Opened) -> None:
    told = note_page.texts("#spine-text")[0]
    assert told.startswith("T9 primary, transpedicular, disc herniation, supported; T10 additional")


def test_kinds_differ_by_more_than_colour(chrome: Any, tmp_path: Path) -> None:
    page = Opened(chrome, tmp_path / "p.html", render_note_html(REMARKED, NOTE))
    lines = page.js(
        "return [...document.querySelectorAll('.legend .hl')].map(getComputedStyle)"
        ".map(s => s.textDecorationStyle + ' ' + s.textDecorationThickness)"
    )
    assert len(lines) == len(set(lines)) == 6


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["note", "dashboard", "failed"])
def test_nothing_runs_out_of_the_window(
    name: str, size: tuple[int, int], chrome: Any, tmp_path: Path
) -> None:
    html = {
        "note": lambda: render_note_html(RESULT, replace(NOTE, text=TEXT + "=" * 300 + "\n")),
        "dashboard": lambda: render_dashboard(rows(), title="March"),
        "failed": lambda: render_note_html(failed(), Note("", "op-e")),
    }[name]()
    page = Opened(chrome, tmp_path / "p.html", html)
    browser.screen(chrome, *size)
    wide = page.js("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1]
    page.was_quiet()


def test_the_note_prints_whole(chrome: Any, tmp_path: Path) -> None:
    html = render_note_html(RESULT, replace(NOTE, text=TEXT + "=" * 300 + "\n"))
    note_page = Opened(chrome, tmp_path / "n.html", html)
    browser.screen(note_page.driver, 700, 1000, media="print")
    note_page.js("document.querySelector('[data-pick=R1]').click()")
    shown = note_page.js(
        """
        const all = (selector) => [...document.querySelectorAll(selector)];
        const seen = (e) => e.getClientRects().length > 0;
        const [side, note] = all('.side, .note').reverse();
        return {
          findingsFirst: side.getBoundingClientRect().top < note.getBoundingClientRect().top,
          places: all('.places a').every(seen),
          clipped: all('.side, .note, #text').filter((e) =>
            e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1).length,
          outside: all('body *').filter(
            (e) => e.getBoundingClientRect().right > innerWidth + 1).length,
          skip: all('.skip').some(seen),
          copy: all('#copy').some(seen),
        }
        """
    )
    assert shown == {
        "findingsFirst": True,
        "places": True,
        "clipped": 0,
        "outside": 0,
        "skip": False,
        "copy": False,
    }
    pdf = note_page.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert base64.b64decode(pdf["data"]).startswith(b"%PDF")
    note_page.was_quiet()


def test_the_note_can_be_read_without_its_script(chrome: Any, tmp_path: Path) -> None:
    html = render_note_html(RESULT, NOTE)
    chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page = Opened(chrome, tmp_path / "n.html", html)
    finally:
        chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert page.js("return document.body.className") == ""
    assert page.js(
        "return [...document.querySelectorAll('.places a')].every(e => e.getClientRects().length)"
    )
    page.js("document.querySelector('.places a').click()")
    assert page.js(
        "return document.querySelector(':target').nextElementSibling.className"
    ).startswith("hl")


def test_the_benchmark_measures(checkout: Path) -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location(
        "dashboard_benchmark", checkout / "benchmarks" / "dashboard.py"
    )
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    figures = benchmark.measure(300, 1)
    assert set(figures["seconds"]) == {"open", "filter", "sort"}
    assert all(0 < second < 30 for (second,) in figures["seconds"].values())
    assert figures["page_bytes"] > 300 * 50
