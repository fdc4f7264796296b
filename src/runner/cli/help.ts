import { commonOptions, type Command, type OptionSpec } from './command';

export function generalHelp(commands: readonly Command[]): string {
  const shown = commands.filter((command) => command.hidden !== true);
  return [
    'Discovery sessions in a terminal: a policy that learns on one problem while it searches.',
    '',
    'Usage: ttt-discover COMMAND …',
    '',
    ...table(shown.map((command) => [`${command.name} ${command.arguments}`.trim(), command.summary])),
    '',
    'ttt-discover COMMAND --help says more, ttt-discover --version the version.',
    '',
    'Exit codes: 0 well, 1 a defect, 2 wrong arguments or a refusal, 3 the problem is wrong, 4 no environment or',
    'no space, 5 nothing valid was found, 6 no such session, 130 interrupted.',
    '',
  ].join('\n');
}

export function commandHelp(command: Command): string {
  return [
    `Usage: ttt-discover ${`${command.name} ${command.arguments}`.trim()} [OPTIONS]`,
    '',
    `${command.summary}.`,
    '',
    ...table(Object.entries({ ...command.options, ...commonOptions }).map(optionRow)),
    '',
  ].join('\n');
}

function optionRow([name, { value, help, short }]: [string, OptionSpec]): [string, string] {
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return [`${names}${value === undefined ? '' : ` ${value}`}`, help];
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
