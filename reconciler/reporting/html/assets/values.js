// The rows as data, and how a value becomes elements. What others wrote becomes text nodes alone,
// never markup.
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
