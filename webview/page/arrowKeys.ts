/**
 * Makes a list of rows one stop of the Tab key: arrows, Home and End move between the rows, Tab goes on to the buttons of
 * the row in focus. Rows start with `tabindex="-1"`; their buttons are out of the Tab order until their row has focus.
 */
export function moveWithArrows(list: HTMLElement): void {
  const rows = (): HTMLElement[] => [...list.children].filter((row) => row instanceof HTMLElement);
  let current: HTMLElement | undefined;

  const choose = (row: HTMLElement | undefined): void => {
    if (row === current) return;
    if (current !== undefined) setReachable(current, false);
    current = row;
    if (row !== undefined) setReachable(row, true);
  };
  const rowOf = (target: EventTarget | null): HTMLElement | undefined =>
    rows().find((row) => target instanceof Node && row.contains(target));

  list.addEventListener('focusin', (event) => choose(rowOf(event.target)));
  list.addEventListener('keydown', (event) => {
    const all = rows();
    const row = rowOf(event.target);
    if (row === undefined) return;
    const next = {
      ArrowDown: all[all.indexOf(row) + 1],
      ArrowUp: all[all.indexOf(row) - 1],
      Home: all[0],
      End: all.at(-1),
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  });
  // There is always one row to come in by, also after the current one has left the list.
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (node instanceof HTMLElement && node !== current) setReachable(node, false);
      }
    }
    if (current?.isConnected !== true) choose(rows()[0]);
  }).observe(list, { childList: true });
}

function setReachable(row: HTMLElement, reachable: boolean): void {
  row.tabIndex = reachable ? 0 : -1;
  for (const button of row.querySelectorAll('button')) button.tabIndex = reachable ? 0 : -1;
}
