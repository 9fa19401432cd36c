// Rows as elements: only those in view. Every row is as high as another, and what a row opens into
// adds to that.
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
function draw(again = false) {
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
  if (grown && !again) draw(true);
}

function drawSoon() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => draw());
}
