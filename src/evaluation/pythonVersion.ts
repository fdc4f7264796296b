/** Release numbers of a version, for example `[3, 11, 7]`. */
export type Release = readonly number[];

/**
 * True if the version meets the requirement: comma-separated clauses of PEP 440 over release numbers
 * (`>=3.11`, `~=3.10`, `==3.12.*`, `!=3.11.2`); a bare `3.11` means `==3.11.*`. Undefined if it cannot be read.
 */
export function meetsPythonRequirement(requirement: string, version: Release): boolean | undefined {
  let meets = true;
  for (const clause of requirement.split(',')) {
    const match = /^\s*(>=|<=|==|!=|~=|>|<)?\s*(\d+(?:\.\d+)*)(\.\*)?\s*$/.exec(clause);
    const numbers = match?.[2]?.split('.').map(Number);
    if (match === null || numbers === undefined) return undefined;
    const operator = match[1] ?? '==';
    const isPrefix = match[3] !== undefined || match[1] === undefined;
    if (isPrefix && operator !== '==' && operator !== '!=') return undefined;
    if (operator === '~=' && numbers.length < 2) return undefined;
    meets = meets && meetsClause(operator, numbers, isPrefix, version);
  }
  return meets;
}

function meetsClause(operator: string, numbers: Release, isPrefix: boolean, version: Release): boolean {
  const order = compareReleases(isPrefix ? version.slice(0, numbers.length) : version, numbers);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    case '!=':
      return order !== 0;
    case '~=':
      return order >= 0 && compareReleases(version.slice(0, numbers.length - 1), numbers.slice(0, -1)) === 0;
    default:
      return order === 0;
  }
}

/** Missing numbers are zeros. */
function compareReleases(a: Release, b: Release): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
