"use strict";
(function () {
  const layout = JSON.parse(document.getElementById("layout").textContent);
  const rows = JSON.parse(document.getElementById("rows").textContent);
  const PAGE = 100;
  const LISTED = 300;
  // The places in a row, as report/dashboard.py writes them.
  const ID = 0, HREF = 1, VERDICT = 2, SCORE = 3, SUPPORTED = 4, POSSIBLE = 5, RISK = 6, PRIMARY = 7, SEGMENTS = 8, CHECKS = 9, ERROR = 10, CARRIED = 11;
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const hidden = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/g;
  // Nothing of a note acts here: text goes in as text, and what acts invisibly is shown.
  const plain = (value) => String(value).replace(hidden, "\ufffd");

  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === true) element.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  }

  function status(tone, sign, name) {
    return make("span", { class: "status s-" + tone }, make("span", { "aria-hidden": "true" }, sign), " " + name);
  }

  const columns = [
    { name: "Note", text: (row) => row[ID], cell: (row) => (row[HREF] ? make("a", { href: row[HREF] }, plain(row[ID])) : plain(row[ID])), head: true },
    { name: "Verdict", key: (row) => row[VERDICT], text: (row) => layout.verdicts[row[VERDICT]].name, cell: (row) => { const v = layout.verdicts[row[VERDICT]]; return status(v.tone, v.sign, v.name); } },
    { name: "Score", key: (row) => (row[SCORE] === null ? -1 : row[SCORE]), text: (row) => (row[SCORE] === null ? "n/a" : row[SCORE]), number: true },
    { name: "Units", key: (row) => row[SUPPORTED], text: (row) => row[SUPPORTED], number: true },
    { name: "Possible", key: (row) => row[POSSIBLE], text: (row) => row[POSSIBLE], number: true },
    { name: "At risk", key: (row) => row[RISK], text: (row) => row[RISK], number: true },
    { name: "Primary", text: (row) => row[PRIMARY] },
    { name: "Further segments", text: (row) => row[SEGMENTS], free: true },
    ...layout.checks.map((check, at) => ({
      name: check,
      key: (row) => ({ 2: 0, 1: 1, 0: 2, 3: 3 }[row[CHECKS][at]] ?? 4),
      text: () => "",
      cell: (row) => {
        const one = layout.statuses[row[CHECKS][at]];
        return one ? status(one.name, one.sign, one.name) : "";
      },
    })),
    ...layout.carried.map((name, at) => ({ name: plain(name), text: (row) => row[CARRIED + at], free: true })),
  ];
  if (rows.some((row) => row[ERROR])) columns.push({ name: "Error", text: (row) => row[ERROR], free: true });

  const head = document.querySelector("#table thead");
  const body = document.querySelector("#table tbody");
  const count = document.getElementById("count");
  const filters = document.getElementById("filters");
  const pager = document.getElementById("pager");
  const words = rows.map(() => null);
  let shown = rows.map((_, index) => index);
  let sorted = null;
  let page = 0;

  function wordsOf(index) {
    if (words[index] === null) words[index] = columns.map((column) => column.text(rows[index])).join("\n").toLowerCase();
    return words[index];
  }

  // -- the filters -----------------------------------------------------------------------

  const tests = [];
  function field(label, control, test) {
    filters.append(make("label", {}, label, control));
    tests.push(() => (control.value === "" ? null : test(control.value)));
    return control;
  }
  function select(label, options, test) {
    const control = make("select", {}, make("option", { value: "" }, "all"));
    options.forEach(([value, name]) => control.append(make("option", { value }, name)));
    return field(label, control, test);
  }

  field("Search", make("input", { type: "search", autocomplete: "off" }), (value) => {
    const wanted = value.toLowerCase().split(/\s+/).filter(Boolean);
    return (index) => wanted.every((word) => wordsOf(index).includes(word));
  }).id = "search";
  select("Verdict", layout.verdicts.map((one, at) => [at, one.name]), (value) => (index) => rows[index][VERDICT] === Number(value)).id = "verdict";
  select("Requirement", layout.checks.flatMap((check, at) => [[at + ":2", check + " fails"], [at + ":1", check + " warns"], [at + ":0", check + " passes"]]), (value) => {
    const [at, wanted] = value.split(":");
    return (index) => rows[index][CHECKS][at] === wanted;
  }).id = "requirement";
  layout.carried.forEach((name, at) => {
    const values = new Set();
    for (const row of rows) {
      values.add(row[CARRIED + at]);
      if (values.size > LISTED) return;
    }
    if (values.size < 2) return;
    const options = [...values].sort(collator.compare).map((value, number) => [String(number), plain(value) || "(none given)", value]);
    select(plain(name), options, (number) => {
      const wanted = options[Number(number)][2];
      return (index) => rows[index][CARRIED + at] === wanted;
    });
  });
  ["from", "to"].forEach((edge) => {
    field("Score " + edge, make("input", { type: "number", min: 0, max: 100, class: "small-number" }), (value) => (index) => {
      const score = rows[index][SCORE];
      return score !== null && (edge === "from" ? score >= Number(value) : score <= Number(value));
    });
  });
  filters.append(make("button", { type: "reset" }, "Clear"));

  function filter() {
    const active = tests.map((test) => test()).filter(Boolean);
    shown = [];
    for (let index = 0; index < rows.length; index++) {
      if (active.every((test) => test(index))) shown.push(index);
    }
    sort();
  }
  let waiting = 0;
  filters.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 60); });
  filters.addEventListener("reset", () => setTimeout(filter, 0));
  filters.addEventListener("submit", (event) => { event.preventDefault(); filter(); });

  // -- sorting ---------------------------------------------------------------------------

  function compare(column) {
    if (column.key) return (a, b) => column.key(rows[a]) - column.key(rows[b]);
    const keys = new Map(shown.map((index) => [index, String(column.text(rows[index]))]));
    return (a, b) => collator.compare(keys.get(a), keys.get(b));
  }
  function sort() {
    if (sorted) {
      const order = compare(sorted.column);
      const sign = sorted.down ? -1 : 1;
      shown.sort((a, b) => sign * order(a, b) || a - b);
    }
    page = 0;
    draw();
  }

  const headers = columns.map((column) => {
    const button = make("button", { type: "button", class: "sort" }, column.name);
    const cell = make("th", { scope: "col", class: column.number ? "num" : null }, button);
    button.addEventListener("click", () => {
      const down = Boolean(sorted && sorted.column === column && !sorted.down);
      sorted = { column, down };
      headers.forEach((other) => other.removeAttribute("aria-sort"));
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      sort();
    });
    return cell;
  });
  head.append(make("tr", {}, ...headers));

  // -- a page of the table ---------------------------------------------------------------

  const turn = { First: () => 0, Previous: () => page - 1, Next: () => page + 1, Last: () => pages() - 1 };
  const pages = () => Math.max(1, Math.ceil(shown.length / PAGE));
  const buttons = Object.entries(turn).map(([name, to]) => {
    const button = make("button", { type: "button" }, name);
    button.addEventListener("click", () => { page = to(); draw(); });
    pager.append(button);
    return button;
  });

  function draw() {
    const from = page * PAGE;
    const part = shown.slice(from, from + PAGE);
    body.replaceChildren(...part.map((index) => {
      const row = rows[index];
      return make("tr", {}, ...columns.map((column) => {
        const content = column.cell ? column.cell(row) : plain(column.text(row));
        if (column.head) return make("th", { scope: "row" }, content);
        return make("td", { class: column.number ? "num" : column.free ? "free" : null }, content);
      }));
    }));
    const number = (value) => value.toLocaleString("en-US");
    count.textContent = shown.length
      ? "Notes " + number(from + 1) + " to " + number(from + part.length) + " of " + number(shown.length) + (shown.length < rows.length ? " that match, " + number(rows.length) + " in all" : "")
      : rows.length ? "No note matches the filters." : "There are no notes.";
    buttons[0].disabled = buttons[1].disabled = page === 0;
    buttons[2].disabled = buttons[3].disabled = page >= pages() - 1;
  }
  filter();

  // -- the small tables above --------------------------------------------------------------

  document.querySelectorAll("table[data-sort]").forEach((table) => {
    const cells = Array.from(table.tHead.rows[0].cells);
    const value = (row, at) => row.cells[at].dataset.value ?? row.cells[at].textContent.trim();
    cells.forEach((cell, at) => {
      const button = make("button", { type: "button", class: "sort" }, ...cell.childNodes);
      cell.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = cell.getAttribute("aria-sort") === "ascending";
        cells.forEach((other) => other.removeAttribute("aria-sort"));
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const order = Array.from(body.rows).sort((a, b) => (down ? -1 : 1) * collator.compare(value(a, at), value(b, at)));
        body.append(...order);
      });
    });
  });
})();
