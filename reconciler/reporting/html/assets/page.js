"use strict";
// The rows of the page: only those that are in view are elements. What others wrote becomes text
// nodes alone, never markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const grid = document.getElementById("grid");
  const columns = data.columns.map((column, number) => ({
    ...column,
    number,
    css: "c-" + column.title.toLowerCase().replace(/[^a-z]+/g, "-"),
  }));
  const shown = columns.filter((column) => column.width);
  const facts = columns.filter((column) => column.fact);
  const printed = columns.filter((column) => column.printed);
  const MOST_PRINTED = 5000;
  const OVERSCAN = 8;
  const ALL_AT_ONCE = 300; // rows: so few are all there, for the browser's own search too
  const count = (number) => number.toLocaleString("en-US");

  // -- values ---------------------------------------------------------------------------------
  const at = (column, row) => (column.index ? column.index[row] : row);
  const valueOf = (column, row) => column.values[at(column, row)];
  const words = (parts) => (typeof parts === "string" ? parts : parts.join(""));

  function text(column, row) {
    const value = valueOf(column, row);
    if (value === null) return "";
    if (column.kind === "sign") return value[1];
    if (column.kind === "list") return value.map(words).join("\n");
    if (column.kind === "place") return value + ":" + column.lines[row];
    return words(value);
  }

  function element(name, className, content) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (content !== undefined) made.textContent = content;
    return made;
  }

  // Our words and those of others by turns; in ours, backticks enclose code.
  function appendPhrase(parent, phrase) {
    (typeof phrase === "string" ? [phrase] : phrase).forEach((part, number) => {
      if (number % 2) {
        parent.append(element("bdi", "", part));
        return;
      }
      part.split("`").forEach((piece, order) => {
        if (piece) parent.append(order % 2 ? element("code", "", piece) : piece);
      });
    });
  }

  function appendPlace(parent, column, row) {
    const place = [valueOf(column, row), column.lines[row], column.characters[row]];
    const bdi = element("bdi", "", place.filter(Boolean).join(":"));
    const link = column.links[at(column, row)];
    if (!link) {
      parent.append(bdi);
      return;
    }
    const anchor = element("a");
    anchor.href = link.replaceAll("{line}", String(column.lines[row] || 1));
    anchor.rel = "noreferrer noopener";
    anchor.append(bdi);
    parent.append(anchor);
  }

  function appendValue(parent, column, row) {
    const value = valueOf(column, row);
    if (value === null) return;
    if (column.kind === "name") {
      parent.append(element("bdi", "", value));
    } else if (column.kind === "phrase") {
      appendPhrase(parent, value);
    } else if (column.kind === "place") {
      appendPlace(parent, column, row);
    } else if (column.kind === "sign") {
      const sign = element("span", "sign " + value[2]);
      const mark = element("i", "", value[0]);
      mark.setAttribute("aria-hidden", "true");
      sign.append(mark, " ", value[1]);
      parent.append(sign);
    } else {
      const list = element("ul");
      for (const phrase of value) appendPhrase(list.appendChild(element("li")), phrase);
      parent.append(list);
    }
  }

  // -- state ----------------------------------------------------------------------------------
  const everyone = Uint32Array.from({ length: data.rows }, (_, row) => row);
  let order = everyone;
  let position = everyone;
  let sorted = null;
  let active = data.rows ? 0 : -1;
  const open = new Map(); // row → height of what it opened into
  const made = new Map(); // row → its elements
  const chosen = new Map(); // column → what its filter asks for
  let needle = "";
  let height = 44;

  const haystacks = new Array(data.rows);
  function haystack(row) {
    let found = haystacks[row];
    if (found === undefined) {
      found = columns.map((column) => text(column, row)).join("\n").toLowerCase();
      haystacks[row] = found;
    }
    return found;
  }

  // -- filter and sort ------------------------------------------------------------------------
  function test(column, wanted) {
    if (column.kind === "list") {
      const fits = column.values.map((value) => value !== null && value.some((item) => words(item) === wanted));
      return (row) => fits[at(column, row)];
    }
    const fits = column.values.map((value) => value !== null && words(value) === wanted);
    return (row) => fits[at(column, row)];
  }

  function ranks(column) {
    const all = Array.from({ length: column.values.length }, (_, number) => number);
    const texts = column.values.map((value) =>
      value === null ? "" : column.kind === "sign" ? value[1]
        : column.kind === "list" ? value.map(words).join("\n") : words(value));
    all.sort((a, b) => (texts[a] < texts[b] ? -1 : texts[a] > texts[b] ? 1 : 0));
    const rank = new Uint32Array(all.length);
    let last = -1;
    all.forEach((number, order) => {
      if (order === 0 || texts[number] !== texts[all[order - 1]]) last += 1;
      rank[number] = last;
    });
    return rank;
  }

  function arrange() {
    const tests = [...chosen].map(([column, wanted]) => test(column, wanted));
    const terms = needle.toLowerCase().split(/\s+/).filter(Boolean);
    let rows = everyone;
    if (tests.length || terms.length) {
      rows = everyone.filter((row) =>
        tests.every((fits) => fits(row)) && terms.every((term) => haystack(row).includes(term)));
    }
    if (sorted) {
      const { column, down } = sorted;
      const rank = ranks(column);
      const way = down ? -1 : 1;
      const lines = column.kind === "place" ? column.lines : null;
      rows = rows.slice().sort((a, b) =>
        way * (rank[at(column, a)] - rank[at(column, b)] || (lines ? lines[a] - lines[b] : 0)) || a - b);
    }
    order = rows;
    position = new Int32Array(data.rows).fill(-1);
    order.forEach((row, place) => { position[row] = place; });
    for (const row of open.keys()) if (position[row] < 0) open.delete(row);
    if (active < 0 || position[active] < 0) active = order.length ? order[0] : -1;
    status.textContent = order.length === data.rows
      ? `${count(data.rows)} rows`
      : `${count(order.length)} of ${count(data.rows)} rows`;
    for (const parts of made.values()) remove(parts);
    made.clear();
    empty.hidden = order.length > 0;
    draw();
  }

  // -- geometry: every row is as high as another, and what is open adds to that -----------------
  const byPlace = () => [...open].map(([row, extra]) => [position[row], extra]).sort((a, b) => a[0] - b[0]);

  function topOf(place) {
    let top = place * height;
    for (const [other, extra] of open) if (position[other] < place) top += extra;
    return top;
  }

  function placeAt(y) {
    let before = 0;
    for (const [place, extra] of byPlace()) {
      if ((place + 1) * height + before >= y) break;
      if ((place + 1) * height + before + extra >= y) return place;
      before += extra;
    }
    return Math.floor((y - before) / height);
  }

  // -- elements -------------------------------------------------------------------------------
  const status = document.getElementById("count");
  const body = element("div", "body");
  const empty = element("p", "empty", "No row matches.");
  body.setAttribute("role", "rowgroup");
  empty.hidden = true;

  function remove(parts) {
    parts.line.remove();
    if (parts.detail) parts.detail.remove();
  }

  function makeLine(row) {
    const line = element("div", "row line");
    line.setAttribute("role", "row");
    line.setAttribute("aria-level", "1");
    line.dataset.row = String(row);
    const mark = element("span", "open");
    mark.setAttribute("aria-hidden", "true");
    line.append(mark);
    for (const column of shown) {
      const cell = element("span", "cell " + column.css);
      cell.setAttribute("role", "gridcell");
      appendValue(cell, column, row);
      line.append(cell);
    }
    return { line, detail: null };
  }

  function makeDetail(row) {
    const detail = element("div", "detail");
    detail.setAttribute("role", "row");
    detail.setAttribute("aria-level", "2");
    const cell = element("div");
    cell.setAttribute("role", "gridcell");
    cell.setAttribute("aria-colspan", String(shown.length));
    const list = element("dl");
    for (const column of facts) {
      if (valueOf(column, row) === null) continue;
      const value = element("dd");
      appendValue(value, column, row);
      list.append(element("dt", "", column.title), value);
    }
    cell.append(list);
    detail.append(cell);
    return detail;
  }

  function put(node, after) {
    const next = after ? after.nextSibling : body.firstChild;
    if (next !== node) body.insertBefore(node, next);
    return node;
  }

  let drawing = false;
  function draw() {
    drawing = false;
    const box = body.getBoundingClientRect();
    const all = order.length <= ALL_AT_ONCE;
    const first = all ? 0 : Math.min(order.length - 1, Math.max(0, placeAt(-box.top) - OVERSCAN));
    const last = Math.min(order.length - 1, all ? ALL_AT_ONCE : Math.max(0, placeAt(innerHeight - box.top)) + OVERSCAN);
    const places = [];
    for (let place = first; place <= last; place += 1) places.push(place);
    const home = active < 0 ? -1 : position[active];
    if (home >= 0 && home < first) places.unshift(home);
    if (home > last) places.push(home);
    const wanted = new Set(places.map((place) => order[place]));
    for (const [row, parts] of made) {
      if (!wanted.has(row)) {
        remove(parts);
        made.delete(row);
      }
    }
    let grown = false;
    let after = null;
    let opened = 0;
    const opens = byPlace();
    for (const place of places) {
      const row = order[place];
      if (!made.has(row)) made.set(row, makeLine(row));
      const parts = made.get(row);
      while (opened < opens.length && opens[opened][0] < place) opened += 1;
      const isOpen = open.has(row);
      const index = 2 + place + opened;
      parts.line.setAttribute("aria-rowindex", String(index));
      parts.line.setAttribute("aria-expanded", String(isOpen));
      parts.line.tabIndex = row === active ? 0 : -1;
      parts.line.style.transform = `translateY(${topOf(place)}px)`;
      after = put(parts.line, after);
      if (isOpen) {
        parts.detail = parts.detail || makeDetail(row);
        parts.detail.setAttribute("aria-rowindex", String(index + 1));
        parts.detail.style.transform = `translateY(${topOf(place) + height}px)`;
        after = put(parts.detail, after);
        const extra = parts.detail.offsetHeight;
        if (extra !== open.get(row)) {
          open.set(row, extra);
          grown = true;
        }
      } else if (parts.detail) {
        parts.detail.remove();
        parts.detail = null;
      }
    }
    body.style.height = `${topOf(order.length)}px`;
    grid.setAttribute("aria-rowcount", String(order.length + open.size + 1));
    if (grown) draw();
  }

  function drawSoon() {
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(draw);
  }

  // -- what a reader does ---------------------------------------------------------------------
  function toggle(row, wanted) {
    const isOpen = open.has(row);
    if (wanted === isOpen) return;
    if (isOpen) open.delete(row);
    else open.set(row, 0);
    draw();
  }

  function moveTo(place) {
    if (!order.length) return;
    const to = Math.min(order.length - 1, Math.max(0, place));
    active = order[to];
    const top = body.getBoundingClientRect().top + topOf(to);
    const under = head.offsetHeight;
    if (top < under) scrollBy(0, top - under);
    else if (top + height > innerHeight) scrollBy(0, top + height - innerHeight);
    draw();
    made.get(active).line.focus({ preventScroll: true });
  }

  const rowOf = (target) => {
    const line = target.closest(".line");
    return line ? Number(line.dataset.row) : -1;
  };

  body.addEventListener("click", (event) => {
    const row = rowOf(event.target);
    if (row < 0 || event.target.closest("a") || String(getSelection())) return;
    active = row;
    toggle(row);
    made.get(row).line.focus({ preventScroll: true });
  });

  body.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const detail = event.target.closest(".detail");
    if (detail && event.key === "Escape") {
      moveTo(position[active]);
      return;
    }
    if (!event.target.classList.contains("line")) return;
    const row = rowOf(event.target);
    const place = position[row];
    const page = Math.max(1, Math.floor(innerHeight / height) - 3);
    const moves = {
      ArrowDown: place + 1,
      ArrowUp: place - 1,
      PageDown: place + page,
      PageUp: place - page,
      Home: 0,
      End: order.length - 1,
    };
    if (event.key in moves) moveTo(moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") toggle(row);
    else if (event.key === "ArrowRight") toggle(row, true);
    else if (event.key === "ArrowLeft") toggle(row, false);
    else return;
    event.preventDefault();
  });

  body.addEventListener("focusin", (event) => {
    const row = rowOf(event.target);
    if (row >= 0 && row !== active) {
      active = row;
      draw();
    }
  });

  // -- head and filters -----------------------------------------------------------------------
  const head = element("div", "row head");
  function makeHead() {
    head.setAttribute("role", "row");
    head.setAttribute("aria-rowindex", "1");
    const gap = element("span", "gap");
    gap.setAttribute("aria-hidden", "true");
    head.append(gap);
    for (const column of shown) {
      const cell = element("span", "cell");
      cell.setAttribute("role", "columnheader");
      const button = element("button", "", column.title);
      button.type = "button";
      button.addEventListener("click", () => {
        if (!sorted || sorted.column !== column) sorted = { column, down: false };
        else if (!sorted.down) sorted = { column, down: true };
        else sorted = null;
        for (const other of head.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
        if (sorted) cell.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
        arrange();
      });
      cell.append(button);
      head.append(cell);
    }
    const group = element("div", "group");
    group.setAttribute("role", "rowgroup");
    group.append(head);
    return group;
  }

  function choicesOf(column) {
    const counts = new Map();
    const numbers = new Map();
    for (let row = 0; row < data.rows; row += 1) {
      const number = at(column, row);
      numbers.set(number, (numbers.get(number) || 0) + 1);
    }
    for (const [number, times] of numbers) {
      const value = column.values[number];
      if (value === null) continue;
      for (const item of column.kind === "list" ? value : [value]) {
        counts.set(words(item), (counts.get(words(item)) || 0) + times);
      }
    }
    return [...counts].sort((a, b) => b[1] - a[1]);
  }

  function labelled(name, control, className) {
    const both = element("div", className);
    const label = element("label", "", name);
    control.id = "filter-" + name.toLowerCase();
    label.htmlFor = control.id;
    both.append(label, control);
    return both;
  }

  function makeFilters() {
    const filters = document.getElementById("filters");
    const input = element("input");
    input.type = "search";
    input.autocomplete = "off";
    input.spellcheck = false;
    let later = 0;
    input.addEventListener("input", () => {
      clearTimeout(later);
      later = setTimeout(() => { needle = input.value; arrange(); }, data.rows > 5000 ? 120 : 0);
    });
    filters.append(labelled("Find", input, "find"));
    const selects = [];
    for (const column of columns.filter((each) => each.choices)) {
      const select = element("select");
      select.append(new Option("all", ""));
      choicesOf(column).forEach(([value, times], number) => {
        select.append(new Option(`${value} (${count(times)})`, String(number)));
        select.options[number + 1].dataset.value = value;
      });
      select.addEventListener("change", () => {
        const option = select.selectedOptions[0];
        if (option.value === "") chosen.delete(column);
        else chosen.set(column, option.dataset.value);
        arrange();
      });
      filters.append(labelled(column.title, select));
      selects.push(select);
    }
    const clear = element("button", "", "Clear");
    clear.type = "button";
    clear.addEventListener("click", () => {
      input.value = "";
      needle = "";
      for (const select of selects) select.value = "";
      chosen.clear();
      arrange();
      input.focus();
    });
    filters.append(clear);
    filters.hidden = false;
  }

  // -- paper ----------------------------------------------------------------------------------
  const folded = document.querySelectorAll("details:not([open])");
  const missing = document.getElementById("missing");
  function fillForPaper() {
    for (const details of folded) details.open = true;
    const rows = document.createDocumentFragment();
    for (const row of order.subarray(0, MOST_PRINTED)) {
      const line = element("tr");
      for (const column of printed) appendValue(line.appendChild(element("td", column.kind)), column, row);
      rows.append(line);
    }
    document.querySelector("#fixed tbody").replaceChildren(rows);
    const left = order.length - MOST_PRINTED;
    const parts = [];
    if (left > 0) parts.push(`${count(left)} more rows are not printed: narrow them with the filters.`);
    if (order.length < data.rows) parts.push(`${count(data.rows - order.length)} rows are filtered out.`);
    missing.textContent = parts.join(" ");
  }

  // -- begin ----------------------------------------------------------------------------------
  function measure() {
    const probe = makeLine(0).line;
    probe.style.visibility = "hidden";
    body.append(probe);
    height = probe.offsetHeight;
    probe.remove();
  }

  grid.setAttribute("role", "treegrid");
  grid.setAttribute("aria-labelledby", "rows");
  grid.setAttribute("aria-colcount", String(shown.length));
  grid.style.setProperty("--columns", shown.map((column) => column.width).join(" "));
  grid.append(makeHead(), body, empty);
  makeFilters();
  document.body.classList.add("scripted");
  grid.hidden = false;
  measure();
  arrange();
  addEventListener("scroll", drawSoon, { passive: true });
  addEventListener("resize", () => { measure(); drawSoon(); });
  addEventListener("beforeprint", fillForPaper);
  addEventListener("afterprint", () => { for (const details of folded) details.open = false; });
})();
