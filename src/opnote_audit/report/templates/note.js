"use strict";
(function () {
  const body = document.body;
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const runs = all("#text .hl");
  const picks = all(".pick");
  const said = document.getElementById("said");
  const numbers = (run) => run.dataset.e.split(" ");
  const stops = runs.filter((run) => run.getAttribute("tabindex") !== "-1");
  const owners = JSON.parse(document.getElementById("owners")?.textContent || "{}");
  let picked = null;
  let from = null;
  body.classList.add("js");

  const say = (text) => { said.textContent = text; };
  const owns = (owner, run) => numbers(run).some((number) => owners[number].includes(owner));
  const ownersOf = (run) => [...new Set(numbers(run).flatMap((number) => owners[number]))];
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const reach = (element, block) => element.scrollIntoView({ block, behavior: calm() ? "auto" : "smooth" });

  // One stop for the tabulator in the note; arrows go from highlight to highlight.
  function stopAt(run) {
    stops.forEach((other) => { other.tabIndex = other === run ? 0 : -1; });
  }
  function current() {
    const within = picked ? stops.filter((run) => owns(picked, run)) : stops;
    return within.length ? within : stops;
  }

  function pick(owner, options) {
    picked = owner;
    body.classList.toggle("picking", Boolean(owner) && runs.some((run) => owns(owner, run)));
    runs.forEach((run) => run.classList.toggle("on", Boolean(owner) && owns(owner, run)));
    all("[data-owner]").forEach((one) => one.classList.toggle("selected", one.dataset.owner === owner));
    picks.forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.pick === owner)));
    if (!owner) { say("Selection cleared."); return; }
    const shown = stops.filter((run) => owns(owner, run));
    const count = Object.values(owners).filter((list) => list.includes(owner)).length;
    const name = owner.startsWith("segment-") ? "segment " + document.querySelector('[data-pick="' + owner + '"]').textContent : owner.startsWith("remark-") ? "remark" : owner;
    say(name + ": " + (count === 1 ? "1 place" : count + " places") + " in the note.");
    if (shown.length) {
      stopAt(shown[0]);
      if (options && options.text) reach(shown[0], "center");
    }
    if (options && options.card) {
      const card = document.querySelector('[data-owner="' + owner + '"]');
      if (card) reach(card, "nearest");
    }
  }

  picks.forEach((button) => button.addEventListener("click", () => {
    pick(picked === button.dataset.pick ? null : button.dataset.pick, { text: true });
  }));

  // A highlight shows what it is evidence for; again, the next thing that it is evidence for.
  function open(run, focus) {
    const choices = ownersOf(run);
    const at = choices.indexOf(picked);
    const owner = choices[(at + 1) % choices.length];
    if (owner === "operation") { pick(null); reach(document.getElementById("operation"), "nearest"); return; }
    pick(owner, { card: true });
    stopAt(stops.includes(run) ? run : stops.find((one) => numbers(one).some((n) => numbers(run).includes(n))) || stops[0]);
    if (focus) {
      from = run;
      document.querySelector('[data-pick="' + owner + '"]').focus({ preventScroll: true });
    }
  }

  runs.forEach((run) => {
    run.addEventListener("click", (event) => {
      event.preventDefault();
      // A click made by the Enter key has no pointer behind it.
      open(run, event.detail === 0);
    });
    run.addEventListener("keydown", (event) => {
      if (event.key === " ") { event.preventDefault(); open(run, true); return; }
      const list = current();
      const at = list.indexOf(run);
      const to = {
        ArrowRight: at + 1, ArrowDown: at + 1,
        ArrowLeft: at < 0 ? 0 : at - 1, ArrowUp: at < 0 ? 0 : at - 1,
        Home: 0, End: list.length - 1,
      }[event.key];
      if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const next = list[Math.max(0, Math.min(to, list.length - 1))];
      stopAt(next);
      next.focus();
      reach(next, "nearest");
    });
  });

  all("[data-go]").forEach((link) => link.addEventListener("click", (event) => {
    const run = runs.find((one) => numbers(one).includes(link.dataset.go));
    if (!run) return;
    event.preventDefault();
    const card = link.closest("[data-owner]");
    if (card && picked !== card.dataset.owner) pick(card.dataset.owner);
    from = null;
    stopAt(run);
    run.focus({ preventScroll: true });
    reach(run, "center");
  }));

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    pick(null);
    if (from) { from.focus(); from = null; }
  });

  if (stops.length) stopAt(stops[0]);

  document.getElementById("copy").addEventListener("click", async () => {
    const block = document.getElementById("findings");
    try {
      await navigator.clipboard.writeText(block.textContent);
    } catch (refused) {
      getSelection().selectAllChildren(block);
      if (!document.execCommand("copy")) { say("Press Ctrl C to copy the selected text."); return; }
      getSelection().removeAllRanges();
    }
    say("Copied.");
    document.getElementById("copy").textContent = "Copied";
    setTimeout(() => { document.getElementById("copy").textContent = "Copy as plain text"; }, 2000);
  });
})();
