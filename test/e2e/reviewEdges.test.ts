import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Editor, repositoryFolder, startEditor } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { type EndedSession, madeSessionId, writeEndedSession } from './support/endedSession';
import { askProber, proberFolder } from './support/prober';

const git = (...args: readonly string[]) => promisify(execFile)('git', args);
/** Lines that two changes have between them, so that they stay two. */
const apart = ['# between', '# the', '# changes'];
const seed = ['a = 1', ...apart, 'b = 2', ...apart, 'c = 3', ''].join('\n');
const better = seed.replace('a = 1', 'a = 10').replace('b = 2', 'b = 20').replace('c = 3', 'c = 30');
const pickedNotebook = (value: number): string =>
  `${JSON.stringify({ cells: [], metadata: { value }, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;

/** A problem whose only candidate besides the initial program is `to`. */
interface Case {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const largeLines = Array.from({ length: 20_000 }, (_, index) => `line_${index} = ${index % 7}`);
const large = largeLines.map((line, index) => (index % 100 === 50 ? `${line} + 1  # faster` : line));

/** Functions that look alike: what a diff shows of them is a choice. */
const functions = (names: string): string =>
  names
    .split('')
    .map((name) => `def ${name}(x):\n    if x > 0:\n        return 1\n\n    return 0\n\n`)
    .join('\n');
const alike = functions('abcdefgh');
const changedAlike = functions('abXcdeghY')
  .replace('def c(x):\n    if x > 0:', 'def c(x):\n    y = x * x\n    if y > 2:')
  .replace('def e(x)', 'def e(x, y)');

const cases: readonly Case[] = [
  { name: 'Blocks', file: 'blocks.py', from: alike, to: changedAlike },
  { name: 'Windows', file: 'crlf.py', from: seed.replaceAll('\n', '\r\n'), to: better },
  { name: 'Endless', file: 'endless.py', from: seed.trimEnd(), to: `${better.trimEnd()} # end` },
  { name: 'Nothing', file: 'nothing.py', from: '', to: 'a = 1\nb = 2\n' },
  { name: 'Shorter', file: 'shorter.py', from: `${seed}print(a)\nprint(b)`, to: seed.trimEnd() },
  { name: 'Long', file: 'long.py', from: `${largeLines.join('\n')}\n`, to: `${large.join('\n')}\n` },
  { name: 'Race', file: 'race.py', from: seed, to: better },
  { name: 'Stale', file: 'stale.py', from: seed, to: better },
  { name: 'Saving', file: 'saving.py', from: seed, to: better },
  { name: 'Locked', file: 'locked/locked.py', from: seed, to: better },
  { name: 'Gone', file: 'gone.py', from: seed, to: better },
  { name: 'Cells', file: 'cells.ipynb', from: pickedNotebook(1), to: pickedNotebook(2) },
  { name: 'Keys', file: 'keys.py', from: seed, to: better },
  { name: 'Tracked', file: 'tracked.py', from: seed, to: better },
];

describe('reviewing at the edges', () => {
  let editor: Editor;
  let window: EditorWindow;
  const consoleLines: string[] = [];

  const place = (file: string): string => join(editor.workspaceFolder, file);
  const onDisk = (file: string): Promise<string> => readFile(place(file), 'utf8');
  const press = (key: string): Promise<void> => window.page.keyboard.press(key);
  const numberOf = (name: string): number => cases.findIndex((one) => one.name === name);
  const caseOf = (name: string): Case => {
    const found = cases[numberOf(name)];
    if (found === undefined) throw new Error(`no case ${name}`);
    return found;
  };
  /** Saved, because VS Code would ask about each file that is not. */
  const settle = async (): Promise<void> => {
    await window.runCommand('File: Save All');
    await window.page.locator('.tabs-container .tab.dirty').waitFor({ state: 'detached' });
    await window.runCommand('View: Close All Editors');
  };

  /** Each stands for itself; what the window showed when one failed is in test-results/e2e. */
  function edge(name: string, step: () => Promise<void>): void {
    it(name, async () => {
      try {
        await step();
      } catch (error) {
        await window.picture(`failed-edge-${name.replaceAll(/[^a-z0-9]+/gi, '-')}`);
        await press('Escape');
        await settle();
        throw error;
      }
    });
  }

  async function chooseBest(name: string): Promise<void> {
    await window.runCommand('TTT-Discover: Open Diff of the Best Candidate');
    await window.quickInput().fill(name);
    await window.pick(name);
  }

  async function openReview(name: string): Promise<void> {
    await chooseBest(name);
    const label = new RegExp(`${caseOf(name).file.split('/').at(-1)}: yours ↔ c1`);
    await window.page.locator('.tabs-container .tab.active').filter({ hasText: label }).waitFor();
    // Of a deletion the editor draws nothing that can be found but its lens.
    await window.codeLens(/^Accept change 1 of/).waitFor();
  }

  async function acceptAll(): Promise<void> {
    await window.clearNotifications();
    await window.focusEditor();
    await press('Control+Shift+Enter');
  }

  /** What an edit has changed has a tab of its own by then; what was saved since may have none. */
  async function showFile(file: string): Promise<void> {
    const name = file.split('/').at(-1) ?? file;
    const tab = window.tab(new RegExp(`^${name.replaceAll('.', '\\.')}$`));
    const isThere = await tab.waitFor({ timeout: 5000 }).then(
      () => true,
      () => false,
    );
    if (isThere) await tab.click();
    else {
      await press('Control+P');
      await window.quickInput().fill(name);
      await window.quickPickRow(name).filter({ hasNotText: 'discover-candidates' }).first().click();
      await tab.waitFor();
    }
    await window.page.locator('.monaco-diff-editor:visible').waitFor({ state: 'detached' });
    await window.focusEditor();
  }

  async function probe(command: string, name: string, more: object = {}): Promise<unknown> {
    const { file } = caseOf(name);
    const session = madeSessionId(numberOf(name));
    return askProber(window, editor.workspaceFolder, command, { file, session, candidate: 1, ...more });
  }

  beforeAll(async () => {
    editor = await startEditor({
      workspace: {},
      extensions: [proberFolder],
      settings: {
        // The message box scrolls out of sight where the active file is far down the list of changes.
        'scm.autoReveal': false,
        'diffEditor.useInlineViewWhenSpaceIsLimited': false,
        'files.readonlyInclude': { '**/locked/*.py': true },
      },
    });
    for (const [index, { name, file, from, to }] of cases.entries()) {
      await mkdir(dirname(place(file)), { recursive: true });
      await writeFile(place(file), from);
      const session: EndedSession = {
        id: madeSessionId(index),
        title: name,
        problemPath: place(`${name.toLowerCase()}.discover`),
        candidatePath: file,
        candidates: [
          { text: from, value: 3 },
          { text: to, value: 2, parent: 0, note: 'Better numbers' },
        ],
      };
      await writeEndedSession(editor.extensionStorage, session);
    }
    window = await editor.openWindow();
    window.page.on('console', (message) => consoleLines.push(message.text()));
    await window.showViews();
    await window.rows('Sessions').filter({ hasText: 'Tracked' }).waitFor();
  });
  afterAll(async () => {
    await editor.stop();
  });

  for (const [name, expected] of [
    ['Windows', better.replaceAll('\n', '\r\n')],
    ['Endless', `${better.trimEnd()} # end`],
    ['Nothing', 'a = 1\nb = 2\n'],
    ['Shorter', seed.trimEnd()],
  ] as const) {
    edge(`${name}: all of a candidate is accepted, and the file keeps its own line ends`, async () => {
      const { file, from } = caseOf(name);
      await openReview(name);
      await window.codeLens(/^Accept change 1 of/).waitFor();
      await acceptAll();
      await window.notification(/The file is what was scored/).waitFor();
      await showFile(file);
      await window.save();
      expect(await onDisk(file)).toBe(expected);
      await press('Control+Z');
      await window.save();
      expect(await onDisk(file), 'one Undo takes all of it back').toBe(from);
      await settle();
    });
  }

  edge('Blocks: the changes that I decide on are the blocks that the editor draws', async () => {
    await openReview('Blocks');
    await window.codeLens(/^Accept change 1 of/).waitFor();
    await window.focusEditor();
    const { lenses, blocks } = (await probe('Compare Blocks', 'Blocks')) as Record<
      'lenses' | 'blocks',
      number[]
    >;
    expect(lenses.length).toBeGreaterThan(3);
    expect(lenses).toEqual(blocks);
    await settle();
  });

  edge('Long: two hundred changes among 20,000 lines are one edit', async () => {
    const probed = await probe('Accept and Measure', 'Long');
    expect(probed).toMatchObject({ versions: [200], lines: 20_001 });
    await showFile('long.py');
    await window.save();
    expect(await onDisk('long.py')).toBe(caseOf('Long').to);
    const results = join(repositoryFolder, 'test-results/e2e');
    await mkdir(results, { recursive: true });
    await writeFile(join(results, 'long.json'), JSON.stringify(probed));
    await settle();
  });

  edge('Race: what is typed while changes are on their way stays, and nothing is lost', async () => {
    const { refused } = (await probe('Accept While Typing', 'Race', { edits: 20 })) as { refused: number };
    await showFile('race.py');
    await window.save();
    const typed = Array.from({ length: 20 }, (_, index) => `# typed ${20 - index}`);
    const lines = (await onDisk('race.py')).split('\n');
    expect(lines.filter((line) => line.startsWith('# typed'))).toHaveLength(20 - refused);
    expect(typed).toEqual(expect.arrayContaining(lines.filter((line) => line.startsWith('# typed'))));
    expect(lines.filter((line) => !line.startsWith('# typed')).join('\n')).toBe(better);
    await settle();
  });

  edge('Stale: a change that is gone when it is accepted is not written anywhere', async () => {
    await openReview('Stale');
    await window.codeLens(/^Accept change 3 of 3/).waitFor();
    await writeFile(place('stale.py'), `# other\n${better.replace('c = 30', 'c = 3')}`);
    await window.codeLens(/^Accept change 1 of 1/).waitFor();
    await window.codeLens(/^Accept change 1 of 1/).click();
    await window.notification(/this text was not scored/).waitFor();
    await showFile('stale.py');
    await window.save();
    expect(await onDisk('stale.py')).toBe(`# other\n${better}`);
    await settle();
  });

  edge(
    'Saving: where the editor saves by itself, an accepted change is on disk, and so is its Undo',
    async () => {
      const settings = place('.vscode/settings.json');
      await mkdir(dirname(settings), { recursive: true });
      await writeFile(
        settings,
        JSON.stringify({ 'files.autoSave': 'afterDelay', 'files.autoSaveDelay': 100 }),
      );
      await openReview('Saving');
      await window.codeLens(/^Accept change 2 of 3/).click();
      await expect.poll(() => onDisk('saving.py')).toBe(seed.replace('b = 2', 'b = 20'));
      await showFile('saving.py');
      await press('Control+Z');
      await expect.poll(() => onDisk('saving.py')).toBe(seed);
      const records = async () =>
        (
          JSON.parse(await onDisk('.ttt-discover/accepted.json')) as {
            accepted: { file: string; fidelity: string }[];
          }
        ).accepted.find((one) => one.file === 'saving.py')?.fidelity;
      await expect.poll(records, { message: 'the record says so' }).toBe('undone');
      await press('Control+Y');
      await expect.poll(records).toBe('partial');
      await window.codeLens(/^from c1, step 1: partial 1 of 3, not scored$/).waitFor();
      await writeFile(settings, '{}');
      await settle();
    },
  );

  edge(
    'Locked: into a read-only file nothing is written, and the program can be taken elsewhere',
    async () => {
      await openReview('Locked');
      await acceptAll();
      await window.pressNotificationButton(/is read-only.*Nothing was written/, 'Copy or Save…');
      await window.pick('Save c1 as a new file');
      const tab = window.page.locator('.tabs-container .tab.active').filter({ hasText: 'Untitled-1' });
      await tab.waitFor();
      await window.statusBarItem('Python').waitFor();
      expect(await onDisk('locked/locked.py')).toBe(seed);
      await window.runCommand('View: Revert and Close Editor');
      await settle();
    },
  );

  edge('Gone: a file that was deleted is created again, with what I accept in it', async () => {
    await openReview('Gone');
    await rm(place('gone.py'));
    await window.page.locator('.tabs-container .tab').first().waitFor();
    await window.runCommand('View: Close All Editors');
    await chooseBest('Gone');
    await window.diff(/gone\.py: initial ↔ c1/);
    await acceptAll();
    await window.pressNotificationButton(/gone\.py is not there any more/, 'Create File');
    await window.notification(/Accepted c1 into gone\.py\. The file is what was scored/).waitFor();
    await showFile('gone.py');
    await window.save();
    expect(await onDisk('gone.py')).toBe(better);
    await settle();
  });

  edge('Cells: a notebook is not written past its cells', async () => {
    // The editor has a view of its own for differences of notebooks: what is asked here is what accepting does.
    expect(await probe('Accept and Measure', 'Cells')).toMatchObject({ versions: [] });
    await window.notification(/cells\.ipynb is a notebook, and a candidate is a whole file/).waitFor();
    expect(await onDisk('cells.ipynb')).toBe(caseOf('Cells').from);
    await window.clearNotifications();
    await settle();
  });

  edge('Keys: a review needs no mouse, and the accessible viewer reads it', async () => {
    await openReview('Keys');
    await window.focusEditor();
    await press('Control+Home');
    await press('Alt+F5');
    await press('Control+Enter');
    await window.codeLens(/^Accept change 1 of 2/).waitFor();
    await press('Control+Backspace');
    await window.codeLens(/^Accept change 1 of 1/).waitFor();
    await window.runCommand('Show CodeLens Commands for Current Line');
    await window.quickPickRow(/Accept change 1 of 1/).waitFor();
    await press('Escape');
    await window.runCommand('TTT-Discover: Review Changes…');
    await window.quickPickRow('a = 10').waitFor();
    await press('Escape');
    await window.focusEditor();
    await press('F7');
    const viewer = window.page.locator('.diff-review .diff-review-row').first();
    await viewer.waitFor();
    await expect
      .poll(() => viewer.getAttribute('aria-label'))
      .toMatch(/^Difference 1 of 1: original line \d+, \d+ lines?/);
    await press('Escape');
    await window.reload();
    await window.diff(/keys\.py: yours ↔ c1/);
    await window.codeLens(/^Accept change 1 of 1/).waitFor();
    await settle();
  });

  edge('Tracked: my git diffs stay as they are, and git is asked about once', async () => {
    const folder = editor.workspaceFolder;
    await git('init', '-q', folder);
    await git('-C', folder, 'add', 'tracked.py');
    await git('-C', folder, '-c', 'user.name=Me', '-c', 'user.email=me@here', 'commit', '-qm', 'First');
    await window.reload();
    await openReview('Tracked');
    await acceptAll();
    await window.notification(/Accepted c1 into tracked\.py/).waitFor();
    await window.pressNotificationButton(/records where accepted lines came from/, 'Add to .gitignore');
    await expect.poll(() => onDisk('.gitignore').catch(() => '')).toBe('.ttt-discover/\n');
    await showFile('tracked.py');
    await window.save();
    await window
      .codeLens(/^from c1, step 1: 2 m, exact$/)
      .first()
      .waitFor();
    await window.picture('accepted-lines');
    await window.runCommand('TTT-Discover: Add Candidate to Commit Message');
    // The box wraps the line where it is narrow.
    const message = window.page.locator('.view-line').filter({ hasText: /Candidate:\s+c1\s+of\s+Tracked/ });
    await message.first().waitFor();
    await showFile('tracked.py');
    // Git looks at what was saved a moment later, and has no changes to open before.
    await window.page
      .locator('.scm-view .monaco-list-row')
      .filter({ hasText: 'tracked.py' })
      .first()
      .waitFor();
    await window.runCommand('Git: Open Changes');
    const diff = await window.diff(/tracked\.py \(Working Tree\)/);
    await expect.poll(() => diff.getAttribute('class')).toContain('side-by-side');
    expect(await window.codeLens(/Accept|Reject/).count()).toBe(0);
    await settle();
  });

  edge('is shown in every theme', async () => {
    await writeFile(place('keys.py'), seed);
    await openReview('Keys');
    await window.codeLens(/^Accept change 1 of 2/).waitFor();
    for (const [theme, mark, picture] of [
      ['Default Light Modern', '.vs', 'review-light'],
      ['Default High Contrast', '.hc-black', 'review-hc-dark'],
      ['Default High Contrast Light', '.hc-light', 'review-hc-light'],
      ['Default Dark Modern', '.vs-dark', 'review-dark'],
    ] as const) {
      await writeFile(place('.vscode/settings.json'), JSON.stringify({ 'workbench.colorTheme': theme }));
      await window.page.locator(`.monaco-workbench${mark}`).waitFor();
      const diff = window.page.locator('.monaco-diff-editor:visible');
      await diff.locator('.line-insert').first().waitFor();
      await window.picture(picture, {
        docs: true,
        of: window.page.locator('.editor-group-container').first(),
      });
    }
  });

  it('needs no API that the editor keeps to itself', () => {
    expect(consoleLines.filter((line) => /proposed (menu|API)|enabledApiProposals/i.test(line))).toEqual([]);
  });
});
