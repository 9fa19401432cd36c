// What a reader does with rows: clicks, keys, focus.
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
