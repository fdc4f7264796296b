/** The packages of a requirements file; options, addresses and paths, which pip alone understands, are left out and returned as `others`. */
export function pythonRequirements(text: string): {
  readonly packages: readonly string[];
  readonly others: readonly string[];
} {
  const packages: string[] = [];
  const others: string[] = [];
  for (const raw of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const line = raw.replace(/(^|\s)#.*$/, '').trim();
    if (line === '') continue;
    if (/^[A-Za-z0-9][\w.-]*\s*(\[[^\]]*\])?\s*([=<>!~(;].*)?$/.test(line)) packages.push(line);
    else others.push(line);
  }
  return { packages, others };
}
