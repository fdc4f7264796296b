import { describe, expect, it } from 'vitest';
import { isolationWords } from '../../src/domain/session/isolationWords';
import { emptySnapshot, entriesAfter, reduce } from '../../src/domain/session/reduce';
import { FakeDisk, fakeRun, type FakeRunOptions } from './support/sessionFakes';

/** A cluster of three nodes, of which one has no bubblewrap; second runs go there, too. */
const onCluster: FakeRunOptions = {
  configure: ({ evaluator }) => {
    evaluator.races = true;
    evaluator.isolation = 'on-nodes';
    evaluator.nodeOf = ({ candidateText }) => {
      const place = candidateText.length % 3;
      return { name: `n${place}`, isolation: place === 2 ? 'unshare' : 'bubblewrap' };
    };
  },
};

const snapshotOf = (disk: FakeDisk) => reduce(emptySnapshot, entriesAfter(emptySnapshot, disk.entries));

describe('a session whose evaluations are jobs of a cluster', () => {
  it('says of no node how it isolates before one has told, and then of each node once', async () => {
    const disk = new FakeDisk();
    await fakeRun(disk, onCluster).loop.run();
    expect(disk.ofType('environment.ready')[0]?.isolation).toBe('on-nodes');
    const events = disk.entries.map(({ event }) => event);
    const firstKnown = events.findIndex(({ type }) => type === 'node.ready');
    const firstEvaluated = events.findIndex(({ type }) => type === 'candidate.evaluated');
    expect(firstKnown).toBe(firstEvaluated - 1);
    const told = disk.ofType('node.ready').map(({ node }) => node);
    expect(told.length).toBeGreaterThan(0);
    expect(new Set(told).size).toBe(told.length);
    expect(snapshotOf(disk).nodes).toEqual(
      disk.ofType('node.ready').map(({ node, isolation }) => ({ node, isolation })),
    );
  });

  it('says so again where a node has changed', async () => {
    const disk = new FakeDisk();
    let asked = 0;
    await fakeRun(disk, {
      configure: ({ evaluator }) => {
        evaluator.isolation = 'on-nodes';
        evaluator.nodeOf = () => ({ name: 'n1', isolation: (asked += 1) <= 5 ? 'unshare' : 'bubblewrap' });
      },
    }).loop.run();
    expect(disk.ofType('node.ready').map(({ isolation }) => isolation)).toEqual(['unshare', 'bubblewrap']);
    expect(snapshotOf(disk).nodes).toEqual([{ node: 'n1', isolation: 'bubblewrap' }]);
  });

  it('has words for all of it', () => {
    const nodes = (count: number, isolation: string) =>
      Array.from({ length: count }, (_, index) => ({ node: `${isolation.charAt(0)}${index}`, isolation }));
    expect(isolationWords('bubblewrap')).toBe('bubblewrap');
    expect(isolationWords('on-nodes')).toBe('by each node its own; none has told of it yet');
    expect(isolationWords('on-nodes', [...nodes(2, 'bubblewrap'), ...nodes(9, 'unshare')])).toBe(
      'bubblewrap (on b0, b1); namespaces, made by the runner without bubblewrap (on 9 nodes)',
    );
    expect(isolationWords('none', nodes(1, 'none'))).toMatch(/^none: .*\(on n0\)$/);
  });
});
