import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { LineageIndex } from '../../src/domain/lineage/lineageIndex';
import { emptySnapshot, reduce } from '../../src/domain/session/reduce';
import type { SessionSnapshot } from '../../src/domain/session/snapshot';
import { recordedSession } from '../support/recordedSession';
import { type Editor, startEditor } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { madeSessionId, writeEndedSession, writeKnownSession } from './support/endedSession';
import { story } from './support/story';

const title = 'Erdős minimum overlap';
const view = 'Candidates';

describe('the lineage of a session of 25,608 candidates', () => {
  let editor: Editor;
  let window: EditorWindow;
  let snapshot: SessionSnapshot;
  let path: number[];
  const chapter = story(() => window);

  const rows = () => window.rows(view);
  const row = (label: RegExp) =>
    window.view(view).locator('.monaco-list-row').and(window.page.getByLabel(label));
  const best = () => snapshot.best ?? -1;
  const press = (key: string): Promise<void> => window.page.keyboard.press(key);
  const message = () => window.view(view).locator('.message');

  beforeAll(async () => {
    const recorded = recordedSession();
    snapshot = reduce(emptySnapshot, recorded.entries);
    const index = new LineageIndex('minimize');
    index.update(snapshot.candidates);
    path = index.pathTo(best());
    editor = await startEditor({ workspace: {} });
    const folder = join(editor.workspaceFolder, 'erdos');
    await mkdir(folder);
    await writeFile(join(folder, 'initial.py'), recorded.programOf(0));
    window = await editor.openWindow();
    await window.showViews();
    await window.view(view).getByText('The programs that a session found appear here').waitFor();
    await window.picture('lineage-empty');
    await writeEndedSession(editor.extensionStorage, {
      id: madeSessionId(1),
      title: 'Slope',
      problemPath: join(folder, 'slope.discover'),
      candidatePath: 'slope.py',
      candidates: [{ text: 'a = 1\n', value: 3 }],
    });
    await writeKnownSession(editor.extensionStorage, {
      id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      title,
      problemPath: join(folder, 'erdos.discover'),
      entries: recorded.entries,
      texts: [...path, ...index.byBest().slice(0, 30)].map(recorded.programOf),
    });
    await window.runCommand('TTT-Discover: Refresh Sessions');
  });
  afterAll(async () => {
    await editor.stop();
  });

  chapter('the newest session is shown first, another when I choose it', async () => {
    await rows().filter({ hasText: 'c0' }).first().waitFor();
    await window.runCommand('TTT-Discover: Show Candidates of a Session…');
    await window.pick(title);
    await row(
      new RegExp(`^From c${best()} back to what the session began with, ${path.length - 1} steps`),
    ).waitFor();
    await row(/^Candidate c0, initial program, c5 0\.4\d+, 192 children, leads to the best/).waitFor();
    await expect
      .poll(() => window.view(view).locator('.description').innerText())
      .toBe(`${title} · 25,600 candidates`);
  });

  chapter('a wide parent opens with a page of children, and with more when I ask', async () => {
    await row(/^Candidate c0,/).click();
    await window.tab(/yours ↔ c0/).waitFor();
    await press('ArrowRight');
    await row(new RegExp(`^Candidate c${path[1]},`)).waitFor();
    await press('End');
    await row(/^Show 50 more candidates, 142 are not shown/).waitFor();
    await press('Home');
    await press('ArrowLeft');
  });

  chapter('the best is revealed at the end of its line, wherever that is', async () => {
    await window.runCommand('TTT-Discover: Reveal Best Candidate');
    const found = row(new RegExp(`^Candidate c${best()}, best so far, step 50, .*not reviewed$`));
    await found.waitFor();
    await expect.poll(() => found.getAttribute('class')).toContain('selected');
    await window.picture('lineage-tree');
  });

  chapter('Enter opens its diff and leaves the keyboard in the view', async () => {
    await press('Enter');
    await window.diff(/initial\.py: yours ↔/);
    await press('ArrowDown');
    await window
      .view(view)
      .locator('.monaco-list-row.focused')
      .and(window.page.getByLabel(/^Candidate c(?!25579)/))
      .waitFor();
  });

  chapter('its lineage is one tab of diffs, the last twenty steps first', async () => {
    await window.tab(/yours ↔/).click();
    await window.runCommand('TTT-Discover: Open Lineage of a Candidate');
    await window
      .tab(new RegExp(`^Lineage of c${best()} from c\\d+, 20 of ${path.length - 1} steps`))
      .waitFor();
    const diffs = window.page.locator('.multiDiffEditor .multiDiffEntry:visible');
    await diffs.first().waitFor();
    await diffs.first().locator('.line-insert').first().waitFor();
    await diffs.locator('.monaco-editor.focused').first().waitFor();
    await window.picture('lineage', { docs: true });
    await window.runCommand('TTT-Discover: Show More of the Lineage');
    await window.tab(new RegExp(`^Lineage of c${best()} from c\\d+, 40 of`)).waitFor();
    await diffs.locator('.monaco-editor.focused').first().waitFor();
    await window.runCommand('View: Close All Editors');
  });

  chapter('two candidates are compared, found by number or by role', async () => {
    await window.runCommand('TTT-Discover: Open Diff of the Best Candidate');
    await window.pick(title);
    await window.diff(/yours ↔/);
    await window.runCommand('TTT-Discover: Compare Candidate With…');
    await window.pick(`Parent: c${path.at(-2)}`);
    await window.diff(new RegExp(`c${path.at(-2)} .* ↔ c${best()}`));
    await window.runCommand('TTT-Discover: Compare Candidate With…');
    await window.pick('Another candidate…');
    await window.quickInput().fill(`c${path[3]}`);
    await window.pick(`c${path[3]} `);
    const diff = await window.diff(new RegExp(`c${path[3]} .* ↔ c${best()}`));
    await expect.poll(() => diff.getAttribute('class')).not.toContain('side-by-side');
  });

  chapter('a search says how many it finds before it is made, and what it left out after', async () => {
    await window.runCommand('TTT-Discover: Search Candidates…');
    await window.quickInput().fill('value <');
    await window.quickPickRow('Write a number after value').waitFor();
    await window.quickInput().fill('step 50 timeout');
    const late = [...snapshot.candidates].filter(
      ({ step, outcome }) => step === 49 && outcome?.kind === 'failed' && outcome.reason === 'timeout',
    ).length;
    expect(late).toBeGreaterThan(0);
    await window.pick(`Show ${late} candidate`);
    await message().getByText(`${late} of 25,600 found: step 50 timeout.`).waitFor();
    // Of a long list only the rows in sight are in the page.
    await expect.poll(() => rows().first().getAttribute('aria-setsize')).toBe(`${Math.min(late, 50)}`);
    await window.picture('lineage-search');
  });

  chapter('words are looked for in programs too, with what was not read counted', async () => {
    await window.runCommand('TTT-Discover: Search Candidates…');
    const tenth = snapshot.candidates.at(best())?.outcome;
    if (tenth?.kind !== 'valid') throw new Error('the best has a value');
    await window.quickInput().fill(`value <= ${tenth.value} "minimum overlap: a STEP function"`);
    await window.pick('Look into the programs too');
    await message()
      .getByText(/^1 of 25,600 found: .* All programs were looked into\./)
      .waitFor();
    await row(new RegExp(`^Candidate c${best()},`)).waitFor();
    await window.runCommand('TTT-Discover: Search Candidates…');
    await window.quickInput().fill('value < -1');
    await window.pick('Show 0 candidates');
    await window.view(view).getByText('No candidate is found by this search').waitFor();
    await window.runCommand('TTT-Discover: Clear Candidate Search');
    await row(/^Candidate c0,/).waitFor();
  });

  chapter('the list by value begins with the best, and what I accept gets a badge', async () => {
    await window.runCommand('TTT-Discover: List Candidates, Best First');
    const first = row(new RegExp(`^Candidate c${best()}, best so far, .*not reviewed`));
    await first.waitFor();
    await window.runCommand('TTT-Discover: Open Diff of the Best Candidate');
    await window.pick(title);
    await window.diff(/yours ↔/);
    await window.focusEditor();
    await press('Control+Shift+Enter');
    await window.notification(/Accepted c\d+ into .*initial\.py\. The file is what was scored/).waitFor();
    await row(new RegExp(`^Candidate c${best()}, best so far, .*, accepted`)).waitFor();
    await window.picture('lineage-accepted');
    const record = join(editor.workspaceFolder, '.ttt-discover/accepted.json');
    await expect
      .poll(async (): Promise<unknown> => JSON.parse(await readFile(record, 'utf8')))
      .toMatchObject({ accepted: [{ candidate: best(), fidelity: 'exact' }] });
  });
});
