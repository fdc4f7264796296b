/**
 * What a tree view shows, so that only what has changed is drawn again. Drawing all of it closes menus, loses the selection of rows that
 * are asked for anew, and turns wheels once a second while a session runs.
 */
export class DrawnRows<Row extends object> {
  private readonly children = new Map<Row | undefined, readonly Row[]>();
  private readonly looksByRow = new Map<Row, string>();

  /** `undefined` for the rows at the top. */
  hasChildren(row: Row | undefined, children: readonly Row[]): void {
    this.children.set(row, children);
  }

  looks(row: Row, looks: string): void {
    this.looksByRow.set(row, looks);
  }

  clear(): void {
    this.children.clear();
    this.looksByRow.clear();
  }

  /** Rows that look different now or have other rows below them; `all` where the rows at the top are others. Rows that are gone are forgotten. */
  changed(
    childrenOf: (row: Row | undefined) => readonly Row[],
    looksOf: (row: Row) => string,
  ): Row[] | 'all' {
    const shown = new Set<Row>();
    const changed: Row[] = [];
    const visit = (row: Row | undefined): boolean => {
      const before = this.children.get(row);
      // It was never opened.
      if (before === undefined) return true;
      const now = childrenOf(row);
      const isSame = now.length === before.length && now.every((child, index) => child === before[index]);
      if (!isSame) return false;
      for (const child of now) {
        shown.add(child);
        // What is drawn again takes what is below it along.
        if (this.looksByRow.get(child) !== looksOf(child) || !visit(child)) changed.push(child);
      }
      return true;
    };
    if (!visit(undefined)) {
      this.clear();
      return 'all';
    }
    for (const row of this.looksByRow.keys()) if (!shown.has(row)) this.forget(row);
    return changed;
  }

  private forget(row: Row): void {
    this.looksByRow.delete(row);
    this.children.delete(row);
  }
}
