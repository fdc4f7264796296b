/** Quotes a word for a POSIX shell. A NUL cannot be passed to a program and is refused. */
export function shellQuote(word: string): string {
  if (word.includes('\0')) throw new TypeError('A shell word cannot hold a NUL character.');
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** `A='1' B='2'`, to stand before a command. Names are checked: they are not quoted in a shell. */
export function shellAssignments(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        throw new TypeError(`Not a name for an environment variable: ${name}`);
      }
      return `${name}=${shellQuote(value)}`;
    })
    .join(' ');
}
