// Paper, and where everything begins.
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
