import { statSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { exitCodes } from '../../../protocol/hostCommands';
import { proposedProblem } from '../../host/collectProblem';
import { errorCode } from '../../journal/diskFullError';
import type { Command } from '../command';
import { CommandError, usageError } from '../commandError';

export const proposeCommand: Command = {
  name: 'propose',
  arguments: 'FOLDER',
  summary: 'Write a problem file for a folder of GPU MODE, AtCoder, OpenEvolve, ShinkaEvolve or KernelBench',
  mostPositionals: 1,
  options: {
    out: { type: 'string', value: 'FILE', help: 'Where to write it (default: to standard output)' },
  },
  run({ positionals, values, output }) {
    const [given] = positionals;
    if (given === undefined) throw usageError('Which folder?', 'propose');
    const folder = resolve(given);
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw usageError(`${given} is no folder.`, 'propose');
    const out = values['out'];
    if (out === undefined) {
      output.line(proposedProblem(folder, folder.split(sep).join('/')).trimEnd());
      return Promise.resolve(exitCodes.ok);
    }
    if (!out.endsWith('.discover'))
      throw usageError(`${out}: a problem file has the ending .discover.`, 'propose');
    const way = relative(dirname(resolve(out)), folder)
      .split(sep)
      .join('/');
    const text = proposedProblem(folder, way === '' ? '.' : way);
    try {
      writeFileSync(out, text, { flag: 'wx' });
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      throw new CommandError(
        'exists',
        exitCodes.usage,
        `${out} is there already, and is left as it is.`,
        'Name another file with --out.',
      );
    }
    output.note(`Wrote ${out}.`);
    return Promise.resolve(exitCodes.ok);
  },
};
