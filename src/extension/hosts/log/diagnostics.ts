/** What a thing is called, and what is known of it. */
export type Fact = readonly [name: string, value: string];

export interface DiagnosticFacts {
  /** Extension, editor, Node, operating system, ssh program. */
  readonly versions: readonly Fact[];
  /** The host, how its connection stands, and what is known of it. */
  readonly host: readonly Fact[];
  /** Those that matter for connections, as they are now. */
  readonly settings: readonly Fact[];
  /** The oldest first. */
  readonly logLines: readonly string[];
}

/**
 * A text for a bug report, in Markdown. Nothing in it was typed at a login: it is made of versions, of settings that name programs, paths and
 * hosts, and of what the connection's log says.
 *
 * @param shown what becomes of a value or a line of the log, such as one whose names are masked.
 */
export function diagnosticsText(
  facts: DiagnosticFacts,
  shown: (text: string) => string = (text) => text,
): string {
  const list = (title: string, pairs: readonly Fact[]): string[] => [
    `## ${title}`,
    '',
    ...pairs.map(([name, value]) => `- ${name}: ${shown(value).replaceAll(/\s*\n\s*/g, ' ')}`),
    '',
  ];
  const lines = facts.logLines.length === 0 ? ['(nothing yet in this window)'] : facts.logLines.map(shown);
  return [
    '# Diagnostics of TTT-Discover',
    '',
    ...list('Versions', facts.versions),
    ...list('Host', facts.host),
    ...list('Settings', facts.settings),
    `## Log, last ${facts.logLines.length} lines`,
    '',
    // Longer than any fence that a line may hold, so that the end is ours.
    '``````',
    ...lines.map((line) => line.replaceAll('``````', "''''''")),
    '``````',
    '',
  ].join('\n');
}
