import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { candidateCsv } from '../../../domain/report/csv';
import { htmlReport, type ReportInput } from '../../../domain/report/htmlReport';
import { sessionJson } from '../../../domain/report/json';
import { markdownReport } from '../../../domain/report/markdownReport';
import { exitCodes, reportFormats, type ReportFormat } from '../../../protocol/hostCommands';
import { readSession, sessionFilesIn, type ReadSession, type SessionFiles } from '../../host/readSession';
import { sessionFolder } from '../../host/sessionFolder';
import { errorCode } from '../../journal/diskFullError';
import type { Command, CommandCall } from '../command';
import { CommandError, noSuchSession, usageError } from '../commandError';
import { session } from '../values';

export const reportCommand: Command = {
  name: 'report',
  arguments: 'SESSION|FOLDER',
  summary: 'Say what a session found and what it took, from its journal',
  mostPositionals: 1,
  options: {
    format: {
      type: 'string',
      value: 'NAME',
      help: `${reportFormats.join(', ')} (default: by the ending of --output, else md)`,
    },
    output: { type: 'string', short: 'o', value: 'FILE', help: 'Where to (default: standard output)' },
  },
  async run(call) {
    const { output, values } = call;
    const path = values['output'];
    if (output.json && path === undefined) {
      throw usageError('With --json, say with --output where the report goes.', 'report');
    }
    const format = formatOf(values['format'], path);
    const read = await readSession(filesOf(call));
    for (const note of read.notes) output.note(note);
    if (read.snapshot.lastSeq === 0) {
      throw new CommandError(
        'empty-journal',
        exitCodes.notFound,
        'The journal has no entry yet.',
        'Try again later.',
      );
    }
    const pieces = await contentOf(read, format);
    if (path === undefined) {
      for (const piece of pieces) await writeOut(piece);
    } else {
      await writeFileOf(path, pieces);
      output.line(`Wrote ${path}`);
      output.reply({ kind: 'report', session: read.snapshot.sessionId ?? null, format, path: resolve(path) });
    }
    return exitCodes.ok;
  },
};

function formatOf(text: string | undefined, path: string | undefined): ReportFormat {
  const ending = /\.([a-z]+)$/i.exec(path ?? '')?.[1]?.toLowerCase();
  const wanted = text ?? reportFormats.find((format) => format === ending) ?? 'md';
  const format = reportFormats.find((known) => known === wanted);
  if (format === undefined) {
    throw usageError(`--format takes ${reportFormats.join(', ')}, not "${wanted}".`, 'report');
  }
  return format;
}

function filesOf({ positionals, root }: CommandCall): SessionFiles {
  const [name] = positionals;
  if (name !== undefined && existsSync(name)) {
    const files = sessionFilesIn(name);
    if (files !== undefined) return files;
    throw new CommandError(
      'no-journal',
      exitCodes.notFound,
      `There is no journal in ${name}.`,
      'Give the id of a session, its folder, or the folder of its journal.',
    );
  }
  const id = session(name, 'report');
  const files = sessionFilesIn(sessionFolder(root, id).path);
  if (files === undefined) throw noSuchSession(id, root);
  return files;
}

async function contentOf(read: ReadSession, format: ReportFormat): Promise<Iterable<string>> {
  const { snapshot } = read;
  if (format === 'csv') return candidateCsv(snapshot);
  if (format === 'json') return sessionJson(snapshot);
  const bestText = snapshot.best === undefined ? undefined : await read.readProgram(snapshot.best);
  const initialText = await read.readProgram(0);
  const input: ReportInput = {
    snapshot,
    madeAtMs: Date.now(),
    ...(bestText !== undefined && { bestText }),
    ...(initialText !== undefined && { initialText }),
  };
  return [format === 'md' ? markdownReport(input) : htmlReport(input, randomBytes(16).toString('base64'))];
}

async function writeFileOf(path: string, pieces: Iterable<string>): Promise<void> {
  try {
    const file = await open(path, 'w');
    try {
      for (const piece of pieces) await file.write(piece);
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || code === 'ENOSPC') throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      'output',
      exitCodes.usage,
      `${path} cannot be written: ${message}`,
      'Choose another file.',
    );
  }
}

/** Waits until a reader has taken it; one that has gone (`| head`) ends the report. */
function writeOut(piece: string): Promise<void> {
  return new Promise((done, failed) => {
    process.stdout.write(piece, (error) => {
      if (error === null || error === undefined || errorCode(error) === 'EPIPE') done();
      else failed(error);
    });
  });
}
