/** `60 s`, `0.5 s`, `250 ms`. */
export function durationInWords(durationMs: number): string {
  return durationMs < 500 ? `${durationMs} ms` : `${Number((durationMs / 1000).toPrecision(3))} s`;
}

/** `2 GiB`, `1.5 MiB`, `100 bytes`. */
export function bytesInWords(bytes: number): string {
  const units = [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const;
  const fitting = units.find(([, size]) => bytes >= size);
  return fitting === undefined
    ? `${bytes} bytes`
    : `${Number((bytes / fitting[1]).toPrecision(3))} ${fitting[0]}`;
}
