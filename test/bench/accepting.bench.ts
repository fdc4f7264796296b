import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { startEditor, type Editor } from '../e2e/support/editor';
import type { EditorWindow } from '../e2e/support/editorWindow';
import { madeSessionId, writeEndedSession } from '../e2e/support/endedSession';
import { askProber, proberFolder } from '../e2e/support/prober';
import { median, report } from './figures';

const rounds = 5;
const lines = Array.from({ length: 20_000 }, (_, index) => `line_${index} = ${index % 7}`);
const changed = lines.map((line, index) => (index % 100 === 50 ? `${line} + 1  # faster` : line));
const textOf = (all: readonly string[]): string => `${all.join('\n')}\n`;

const accepted = z.object({ editedMs: z.number(), durationMs: z.number(), processorMs: z.number() });
const edited = z.object({ answer: z.literal(true), durationMs: z.number(), processorMs: z.number() });

let editor: Editor;
let window: EditorWindow;
const place = (file: string): string => join(editor.workspaceFolder, file);

beforeAll(async () => {
  editor = await startEditor({
    workspace: {},
    extensions: [proberFolder],
  });
  for (let round = 0; round < 2 * rounds; round++) {
    await writeFile(place(`long${round}.py`), textOf(lines));
    await writeEndedSession(editor.extensionStorage, {
      id: madeSessionId(round),
      title: `Long${round}`,
      problemPath: place('long.discover'),
      candidatePath: `long${round}.py`,
      candidates: [
        { text: textOf(lines), value: 3 },
        { text: textOf(changed), value: 2, parent: 0 },
      ],
    });
  }
  for (let round = 0; round < 2 * rounds; round++) await writeFile(place(`plain${round}.py`), textOf(lines));
  window = await editor.openWindow();
  await window.showViews();
  await window.rows('Sessions').filter({ hasText: 'Long0' }).waitFor();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await window.picture('failed-accepting');
});
afterAll(async () => {
  await editor.stop();
});

/** Saved, because VS Code would ask about each file that is not. What was edited gets a tab a moment later. */
async function settle(file: string): Promise<void> {
  await window.tab(file).filter({ hasNotText: '↔' }).waitFor();
  await window.runCommand('File: Save All');
  await window.page.locator('.tabs-container .tab.dirty').waitFor({ state: 'detached' });
  await window.runCommand('View: Close All Editors');
}

/** The folder that profiles of accepting are written to; none are without it. */
const profiles = process.env['TTT_DISCOVER_PROFILES'];

for (const isOpen of [false, true]) {
  const where = isOpen ? 'with its diff open' : 'without its diff';
  it(`accepting 200 changes in 20,000 lines, ${where}`, async () => {
    const all: z.infer<typeof accepted>[] = [];
    for (let round = 0; round < rounds; round++) {
      const number = round + (isOpen ? rounds : 0);
      if (isOpen) {
        await window.runCommand('TTT-Discover: Open Diff of the Best Candidate');
        await window.quickInput().fill(`Long${number}`);
        await window.pick(`Long${number}`);
        await window.codeLens(/^Accept change 1 of 200/).waitFor();
      }
      const profile = profiles === undefined ? {} : { profile: join(profiles, `${number}.cpuprofile`) };
      const question = { file: `long${number}.py`, session: madeSessionId(number), candidate: 1, ...profile };
      all.push(
        accepted.parse(await askProber(window, editor.workspaceFolder, 'Accept and Measure', question)),
      );
      await settle(`long${number}.py`);
      expect(await readFile(place(`long${number}.py`), 'utf8')).toBe(textOf(changed));
    }
    const name = `accepting 200 changes in 20,000 lines, ${where}`;
    const tell = (what: string, values: readonly number[]) =>
      report({ name: `${name}: ${what}`, value: median(values), unit: 'ms' });
    await tell(
      'until the file has them',
      all.map((one) => one.editedMs),
    );
    await tell(
      'until it is on record',
      all.map((one) => one.durationMs),
    );
    await tell(
      'extension host on the processor',
      all.map((one) => one.processorMs),
    );
  });
}

for (const isOneEdit of [false, true]) {
  const what = isOneEdit ? 'one edit of all lines' : '200 edits';
  it(`the editor alone, ${what}`, async () => {
    const all: z.infer<typeof edited>[] = [];
    for (let round = 0; round < rounds; round++) {
      const file = `plain${round + (isOneEdit ? rounds : 0)}.py`;
      all.push(
        edited.parse(
          await askProber(window, editor.workspaceFolder, 'Edit and Measure', { file, step: 100, isOneEdit }),
        ),
      );
      await settle(file);
      expect(await readFile(place(file), 'utf8')).toBe(textOf(changed));
    }
    const name = `the editor alone, ${what} in 20,000 lines`;
    await report({ name, value: median(all.map((one) => one.durationMs)), unit: 'ms' });
    const processorMs = median(all.map((one) => one.processorMs));
    await report({ name: `${name}: extension host on the processor`, value: processorMs, unit: 'ms' });
  });
}
