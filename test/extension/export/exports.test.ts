import { beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeVscode, files, person } from './fakeVscode';

vi.mock('vscode', () => fakeVscode);

import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import { Cancelled } from '../../../src/extension/base/failures';
import { createExports, type ExportNeeds } from '../../../src/extension/export/exportCommands';
import { SessionChooser } from '../../../src/extension/sessions/chooseSession';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import { recordedSession } from '../../support/recordedSession';
import { exampleSession } from '../dashboard/exampleSession';

const recorded = recordedSession({ steps: 6, groups: 4, groupSize: 16 });
const snapshot = reduce(emptySnapshot, recorded.entries);
const problemUri = 'file:///work/problem/erdos.discover';

describe('exports', () => {
  let view: SessionView;
  let needs: ExportNeeds;
  let warned: string[];
  let isReachable: boolean;

  beforeEach(() => {
    person.reset();
    fakeVscode.env.remoteName = undefined;
    warned = [];
    isReachable = true;
    view = { ...exampleSession(0), id: snapshot.sessionId!, snapshot, problemUri };
    const refused = (): Promise<never> => Promise.reject(new Error('not used by exports'));
    const sessions = {
      get all() {
        return [view];
      },
      get: () => view,
      ready: Promise.resolve(),
      onDidChange: () => ({ dispose: () => undefined }),
      readCandidate: (_: string, candidate: number) =>
        isReachable
          ? Promise.resolve(recorded.programOf(candidate))
          : Promise.reject(new Error('no contact')),
      pause: refused,
      resume: refused,
      stop: refused,
    } as unknown as ExportNeeds['sessions'] & { ready: Promise<void> };
    needs = {
      sessions,
      chooser: new SessionChooser(sessions, () => 0),
      nowMs: () => Date.UTC(2026, 9, 1),
      warn: (message) => warned.push(message),
    };
  });

  const saved = (name: string): string => Buffer.from(files.get(name) ?? []).toString('utf8');
  const run = async (...args: unknown[]): Promise<void> => {
    await createExports(needs).commands.exportSession(...args);
  };

  it('write the candidates beside the problem', async () => {
    await run(view.id, 'csv');
    const name = '/work/problem/erdos-minimum-overlap-Q69G5FAV.csv';
    expect([...files.keys()]).toEqual([name]);
    expect(saved(name)).toMatch(/^\uFEFFsession,problem,metric/);
    expect(saved(name).split('\r\n')).toHaveLength(snapshot.candidates.length + 2);
    expect(person.shown).toEqual(['Saved erdos-minimum-overlap-Q69G5FAV.csv.']);
  });

  it('ask for the form where it is not said', async () => {
    person.picks.push('Everything but the programs');
    person.place = '/tmp/a.json';
    await run({ sessionId: view.id });
    expect(person.offered.slice(0, 4)).toEqual([
      'Report',
      'Report as text',
      'Candidates',
      'Everything but the programs',
    ]);
    expect(JSON.parse(saved('/tmp/a.json'))).toMatchObject({ session: view.id, metric: 'c5' });
  });

  it('write nothing when a question is closed', async () => {
    person.place = undefined;
    await expect(run(view.id, 'csv')).rejects.toBeInstanceOf(Cancelled);
    await expect(run(view.id)).rejects.toBeInstanceOf(Cancelled);
    expect(files.size).toBe(0);
    expect(person.shown).toEqual([]);
  });

  it('write a report with the best program, and one without it where it cannot be read', async () => {
    person.place = '/tmp/a.html';
    await run(view.id, 'html');
    expect(saved('/tmp/a.html')).toContain('TEMPERATURE');
    isReachable = false;
    await run(view.id, 'html');
    expect(saved('/tmp/a.html')).not.toContain('TEMPERATURE');
    expect(saved('/tmp/a.html')).toContain('could not be had');
    expect(warned).toHaveLength(2);
  });

  it('use a nonce of its own for every report', async () => {
    const nonces = new Set<string | undefined>();
    for (const name of ['/tmp/a.html', '/tmp/b.html']) {
      person.place = name;
      await run(view.id, 'html');
      nonces.add(/<style nonce="([^"]+)"/.exec(saved(name))?.[1]);
    }
    expect(nonces.size).toBe(2);
  });

  it('say in words that a place cannot be written', async () => {
    person.failsToWrite = true;
    await expect(run(view.id, 'csv')).rejects.toThrow(
      /could not be written: No permission\. Choose another place/,
    );
    expect(person.shown).toEqual([]);
  });

  it('say of a session that nothing is known of it yet', async () => {
    view = { ...view, snapshot: emptySnapshot };
    await expect(run(view.id, 'csv')).rejects.toThrow(/Connect to .*, then export it/);
  });

  it('open what was saved, or show where it is', async () => {
    person.button = 'Open';
    person.place = '/tmp/a.html';
    await run(view.id, 'html');
    expect(person.opened).toEqual(['/tmp/a.html']);
    person.button = 'Show in File Manager';
    await run(view.id, 'csv');
    expect(person.commands).toMatchObject([['revealFileInOS', { path: '/tmp/a.html' }]]);
    fakeVscode.env.remoteName = 'ssh-remote';
    person.place = '/work/a.html';
    person.button = 'Show in Explorer';
    await run(view.id, 'html');
    expect(person.commands.at(-1)).toMatchObject(['revealInExplorer', { path: '/work/a.html' }]);
  });

  describe('of charts', () => {
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from([0, 1])]);
    const save = (format: 'png' | 'svg', content: string): Promise<void> =>
      createExports(needs).exportChart(view.id, { format, chart: 'Best so far', content });

    it('write the picture under the name of session and chart', async () => {
      await save('png', png.toString('base64'));
      await save('svg', '<svg xmlns="http://www.w3.org/2000/svg"></svg>');
      const name = '/work/problem/erdos-minimum-overlap-best-so-far-Q69G5FAV';
      expect([...files.keys()]).toEqual([`${name}.png`, `${name}.svg`]);
      expect(Buffer.from(files.get(`${name}.png`)!)).toEqual(png);
    });

    it.each([
      ['png', 'MZ executable'],
      ['svg', '<html><script>'],
    ] as const)('refuse a %s that is none', async (format, content) => {
      await expect(save(format, content)).rejects.toThrow(/could not draw/);
      expect(person.saves).toEqual([]);
    });
  });

  describe('of the best program', () => {
    const best = snapshot.best ?? 0;
    const exportBest = async (): Promise<string> => {
      await createExports(needs).commands.exportBestProgram(view.id);
      return saved(`/work/problem/initial-c${best}.py`);
    };

    it('say where it came from, if that is wanted', async () => {
      person.picks.push('With where it came from');
      expect(await exportBest()).toMatch(
        /^# Found by TTT-Discover: Erdős minimum overlap\n# c5: 0\.\d+ \(lower is better\)\n# Session 01ARZ3NDEKTSV4RRFFQ69G5FAV, candidate c\d+ \(step \d\)\n# Date: 2026-10-01\n\n"""Minimum overlap/,
      );
    });

    it('leave it as it was evaluated otherwise', async () => {
      person.picks.push('The program alone');
      expect(await exportBest()).toBe(recorded.programOf(best));
    });

    it('keep the user’s own lines for GPU MODE', async () => {
      files.set(
        '/work/problem/initial.py',
        Buffer.from('#!POPCORN leaderboard trimul\n#!POPCORN gpus H100\nx\n'),
      );
      person.picks.push('The program alone');
      expect(await exportBest()).toBe(
        `#!POPCORN leaderboard trimul\n#!POPCORN gpus H100\n${recorded.programOf(best)}`,
      );
    });

    it.each([
      ['default', '#!POPCORN leaderboard trimul\n'],
      ['other', '#!POPCORN leaderboard other\n'],
      ['', ''],
    ])('ask for the leaderboard of a GPU MODE folder without one: %j', async (answer, line) => {
      const evaluator = '{ format: gpu-mode, folder: ../tasks/trimul }';
      const metric = '{ name: time, goal: minimize }';
      const text = `---\ncandidate: initial.py\nevaluator: ${evaluator}\nmetric: ${metric}\n---\n# T\n\nBe fast.\n`;
      files.set('/work/problem/erdos.discover', Buffer.from(text));
      person.picks.push('The program alone');
      person.inputs.push(answer);
      expect(await exportBest()).toBe(`${line}${recorded.programOf(best)}`);
    });

    it('say that there is none yet', async () => {
      view = { ...view, snapshot: { ...snapshot, best: undefined } as unknown as SessionView['snapshot'] };
      await expect(exportBest()).rejects.toThrow(/has no valid candidate yet/);
    });
  });
});
