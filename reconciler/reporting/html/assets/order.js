// Which rows are there, in which order: filters and sorting.
function test(column, wanted) {
  if (column.kind === "list") {
    const fits = column.values.map((value) => value !== null && value.some((item) => words(item) === wanted));
    return (row) => fits[at(column, row)];
  }
  const fits = column.values.map((value) => value !== null && words(value) === wanted);
  return (row) => fits[at(column, row)];
}

const ranked = new Map();
function ranks(column) {
  if (!ranked.has(column)) ranked.set(column, rank(column));
  return ranked.get(column);
}

function rank(column) {
  const all = Array.from({ length: column.values.length }, (_, number) => number);
  const texts = column.values.map((value) => {
    if (value === null) return "";
    if (column.kind === "sign") return value[1];
    return (column.kind === "list" ? value.map(words).join("\n") : words(value)).toLowerCase();
  });
  all.sort((a, b) => (texts[a] < texts[b] ? -1 : texts[a] > texts[b] ? 1 : 0));
  const places = new Uint32Array(all.length);
  let last = -1;
  all.forEach((number, order) => {
    if (order === 0 || texts[number] !== texts[all[order - 1]]) last += 1;
    places[number] = last;
  });
  return places;
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
    const places = ranks(column);
    const way = down ? -1 : 1;
    const lines = column.kind === "place" ? column.lines : null;
    rows = rows.slice().sort((a, b) =>
      way * (places[at(column, a)] - places[at(column, b)] || (lines ? lines[a] - lines[b] : 0)) || a - b);
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
