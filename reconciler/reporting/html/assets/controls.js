// The head of the table, and the filters above it.
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
      // An option holds text alone, so these characters keep a name from turning the number.
      const name = /^[ -~]*$/.test(value) ? value : `\u2068${value}\u2069`;
      select.append(new Option(`${name} (${count(times)})`, String(number)));
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
