/** A place in a text. `line` and `character` count from 0, `character` in UTF-16 code units, as editors do. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** From `start` up to and without `end`. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}
