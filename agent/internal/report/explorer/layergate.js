// Comfort for the layer explorer: filters, sorting, links that open what they
// lead to, and everything opened for the printer. The page is complete without
// it: every control that needs it is hidden in the HTML and shown here.
"use strict";
(() => {
  const form = document.getElementById("filters");
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const folds = () => all("details.fold");

  // --- Links to a finding or a layer ---

  // reveal opens whatever hides the element that the address names.
  function reveal() {
    const name = location.hash.slice(1);
    const target = /^(f|layer)-[0-9a-z-]+$/.test(name) && document.getElementById(name);
    if (!target) return;
    if (target.closest("[hidden]")) {
      form.reset();
      filter();
    }
    for (let e = target; e; e = e.parentElement) {
      if (e.localName === "details" && !e.classList.contains("more")) e.open = true;
    }
    const row = target.closest("tr") || target.closest("li");
    for (const old of all(".here")) old.classList.remove("here");
    row.classList.add("here");
    row.scrollIntoView({ block: row.localName === "tr" ? "center" : "start" });
  }

  // --- Filters ---

  let packs; // what can be filtered; read from the page when first needed

  function index() {
    packs = all("details.pack").map((element) => {
      const layer = element.parentElement.closest("details.fold");
      const about = [element.querySelector("summary .head"), element.querySelector(".rows > p"), layer.querySelector("summary .head")]
        .map((e) => e.textContent).join(" ").toLowerCase();
      const more = new Map(); // what the fold below the table says, by id
      for (const p of all(".more > p", element)) {
        const id = p.firstChild.data.split("\n")[0];
        more.set(id, [...(more.get(id) || []), p]);
      }
      const rows = all("tbody > tr", element).map((row) => {
        const below = more.get(row.querySelector("a, bdi").textContent) || [];
        return {
          element: row, below, about,
          fix: "fix" in row.dataset,
          kev: "kev" in row.dataset,
          times: Number(row.dataset.times || 1),
          severity: row.querySelector(".chip").textContent,
          action: row.querySelector(".badge").classList[1],
          text: [row, ...below].map((e) => e.textContent).join(" ").toLowerCase(),
        };
      });
      return { element, layer, rows, kind: element.dataset.kind, origin: layer.dataset.origin };
    });
  }

  // asked is what the controls say: sets of values by name, and words.
  function asked() {
    const data = new FormData(form);
    const set = (name) => new Set(data.getAll(name));
    const words = (data.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
    const want = { severity: set("severity"), action: set("action"), kind: set("kind"), origin: set("origin"), only: set("only"), words };
    want.nothing = Object.values(want).every((v) => !(v.size ?? v.length));
    return want;
  }

  const among = (set, value) => !set.size || set.has(value);

  function fits(row, want) {
    return among(want.severity, row.severity) && among(want.action, row.action) &&
      (!want.only.has("fix") || row.fix) && (!want.only.has("kev") || row.kev) &&
      want.words.every((w) => row.text.includes(w) || row.about.includes(w));
  }

  // While something is filtered, what fits is opened if it is this little.
  const openUpTo = 60;

  function filter() {
    if (!packs) index();
    const want = asked();
    const hits = new Map(); // findings that fit, by layer
    let shown = 0, total = 0;
    for (const p of packs) {
      let here = 0;
      const may = among(want.kind, p.kind) && among(want.origin, p.origin);
      for (const row of p.rows) {
        total += row.times;
        const ok = may && fits(row, want);
        if (ok) here += row.times;
        for (const e of [row.element, ...row.below]) e.hidden = !ok;
      }
      p.element.hidden = here === 0;
      hits.set(p.layer, (hits.get(p.layer) || 0) + here);
      shown += here;
    }
    for (const li of all(".layer")) li.hidden = !want.nothing && !hits.get(li.firstElementChild);
    for (const run of all(".run")) run.hidden = !run.querySelector(".layer:not([hidden])");
    document.querySelector(".nothing").hidden = shown > 0 || want.nothing;
    fold(want, hits, shown);
    form.elements.shown.value = (want.nothing ? "" : `${shown} of `) + total + (total === 1 ? " finding" : " findings");
    remember();
  }

  // fold opens what fits, and without filters puts back what was open before.
  let before;
  function fold(want, hits, shown) {
    if (want.nothing) {
      if (before) for (const [element, open] of before) element.open = open;
      before = undefined;
      return;
    }
    before ??= folds().map((e) => [e, e.open]);
    for (const [layer, n] of hits) if (n) layer.open = true;
    if (shown <= openUpTo) for (const p of packs) if (!p.element.hidden) p.element.open = true;
  }

  // remember keeps the filters in the address, so that it can be shared.
  function remember() {
    const said = new URLSearchParams([...new FormData(form)].filter(([, v]) => v)).toString();
    if (!said && !location.hash.startsWith("#?")) return;
    try {
      history.replaceState(null, "", said ? "#?" + said : location.pathname + location.search);
    } catch { /* not allowed here: the filters work without */ }
  }

  function recall() {
    if (!location.hash.startsWith("#?")) return;
    const said = new URLSearchParams(location.hash.slice(2));
    for (const e of all("input, select", form)) {
      if (e.type === "checkbox") e.checked = said.getAll(e.name).includes(e.value);
      else e.value = said.get(e.name) ?? "";
    }
    order();
    filter();
  }

  // --- Sorting ---

  const collator = new Intl.Collator("en", { numeric: true });

  // arm makes the headings of a table buttons, once it is seen, and gives its
  // rows links to themselves.
  function arm(table) {
    if (table.tHead.classList.contains("armed")) return;
    table.tHead.classList.add("armed");
    for (const th of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...th.childNodes);
      th.append(button);
    }
    for (const row of all("tr[id]", table)) {
      const link = document.createElement("a");
      link.className = "permalink";
      link.href = "#" + row.id;
      link.ariaLabel = "link to " + row.querySelector("a, bdi").textContent;
      link.textContent = "#";
      row.cells[0].append(" ", link);
    }
  }

  function sort(th) {
    const table = th.closest("table"), body = table.tBodies[0];
    // Numbers begin with the largest, names with A.
    const rows = [...body.rows];
    const numbers = rows.every((r) => "sort" in r.cells[th.cellIndex].dataset);
    const now = th.ariaSort, down = now ? now === "ascending" : numbers;
    const key = (r) => {
      const cell = r.cells[th.cellIndex];
      return numbers ? Number(cell.dataset.sort) : cell.textContent;
    };
    const keys = new Map(rows.map((r) => [r, key(r)]));
    rows.sort((a, b) => {
      const order = numbers ? keys.get(a) - keys.get(b) : collator.compare(keys.get(a), keys.get(b));
      return down ? -order : order;
    });
    body.append(...rows);
    for (const other of th.parentElement.cells) other.removeAttribute("aria-sort");
    th.ariaSort = down ? "descending" : "ascending";
  }

  // order sorts the packages of every layer; the page has them worst first.
  let worst, ordered = "";
  function order() {
    if (form.elements.sort.value === ordered) return;
    ordered = form.elements.sort.value;
    if (!packs) index();
    worst ??= [...packs];
    const by = {
      "": () => 0,
      name: (a, b) => collator.compare(a.name, b.name),
      count: (a, b) => b.n - a.n,
      epss: (a, b) => b.epss - a.epss,
    }[ordered] || (() => 0);
    const list = worst.map((p) => ({
      p,
      name: p.element.querySelector("summary b").textContent,
      n: p.rows.reduce((n, r) => n + r.times, 0),
      epss: p.rows.reduce((most, r) => Math.max(most, r.element.cells[3].dataset.sort), -1),
    }));
    list.sort(by);
    const last = new Map();
    for (const { p } of list) {
      const after = last.get(p.layer);
      if (after) after.after(p.element);
      else p.element.parentElement.prepend(p.element);
      last.set(p.layer, p.element);
    }
  }

  // --- Events ---

  // toggle does not bubble, so it is caught on the way down.
  document.addEventListener("toggle", (e) => {
    if (e.target.open) for (const t of all(":scope > .rows > table, :scope > .wide > table", e.target)) arm(t);
  }, true);
  document.addEventListener("click", (e) => {
    const button = e.target.closest("button");
    if (button?.className === "sort") sort(button.parentElement);
    if (button?.dataset.do) for (const f of folds()) if (!f.closest("[hidden]")) f.open = button.dataset.do === "open";
    // A second click on the same link should lead there again.
    const link = e.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) reveal();
  });
  addEventListener("hashchange", () => (location.hash.startsWith("#?") ? recall() : reveal()));

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const d of closed) d.open = true;
  });
  addEventListener("afterprint", () => {
    for (const d of closed) d.open = false;
  });

  for (const table of all("details[open] > .rows > table")) arm(table);
  if (form) {
    let waiting;
    form.hidden = false;
    form.addEventListener("submit", (e) => e.preventDefault());
    form.addEventListener("input", (e) => {
      clearTimeout(waiting);
      if (e.target.name === "sort") order();
      waiting = setTimeout(filter, e.target.name === "q" ? 120 : 0);
    });
    form.addEventListener("reset", () => setTimeout(() => { order(); filter(); }));
    document.addEventListener("keydown", (e) => {
      const typing = e.target.closest("input:not([type=checkbox]), select, textarea");
      if (e.key === "/" && !typing && !e.ctrlKey && !e.metaKey && !e.altKey) {
        e.preventDefault();
        form.elements.q.focus();
      }
    });
    recall();
  }
  reveal();
})();
