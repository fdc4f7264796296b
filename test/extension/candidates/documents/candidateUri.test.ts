import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidateFromArguments } from '../../../../src/extension/candidates/documents/candidateArguments';
import {
  candidateAddressOf,
  candidatePath,
  parseCandidatePath,
} from '../../../../src/extension/candidates/documents/candidateUri';

/** Paths that stay inside the problem's folder, with their segments in plain words. */
const name = fc.stringMatching(/^[a-z0-9 _-]+(\/[a-z0-9 _-]+)*\.[a-z]+$/);
const sessionId = '01JD8E2V7Q0000000000000000';

describe('the address of a candidate document', () => {
  it('reads well in a tab and in breadcrumbs', () => {
    expect(candidatePath({ sessionId, candidate: 17, path: 'src/initial.py', view: 'text' })).toBe(
      `/.discover-candidates/${sessionId}/c17/src/initial.py`,
    );
    expect(candidatePath({ sessionId, candidate: 17, path: 'a.py', view: 'review' })).toBe(
      `/.discover-candidates/${sessionId}/review/c17/a.py`,
    );
    expect(candidatePath({ sessionId, candidate: 17, path: 'src/a.py', view: 'lineage' })).toBe(
      `/.discover-candidates/${sessionId}/lineage/c17/src/c17 a.py`,
    );
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        name,
        fc.constantFrom('text', 'lineage', 'review', 'base', 'yours', 'theirs'),
        (candidate, path, view) => {
          const address = { sessionId, candidate, path, view } as const;
          expect(parseCandidatePath(candidatePath(address))).toEqual(address);
        },
      ),
    );
  });

  it('names a file that lies elsewhere by its name alone', () => {
    for (const path of ['/home/me/kernel.cu', '../kernel.cu', 'C:/me/kernel.cu', 'a/../../kernel.cu']) {
      expect(candidatePath({ sessionId, candidate: 2, path, view: 'review' })).toBe(
        `/.discover-candidates/${sessionId}/review/c2/kernel.cu`,
      );
    }
  });

  it('is found only under its own scheme', () => {
    const path = candidatePath({ sessionId, candidate: 3, path: 'a.py', view: 'text' });
    expect(candidateAddressOf({ scheme: 'discover-candidate', path })?.candidate).toBe(3);
    expect(candidateAddressOf({ scheme: 'file', path })).toBeUndefined();
  });

  it('is not found in other paths', () => {
    for (const path of [
      '',
      '/',
      '/src/initial.py',
      `/.discover-candidates/${sessionId}/17/a.py`,
      `/.discover-candidates/${sessionId}/c-1/a.py`,
      '/.discover-candidates/../c1/a.py',
    ]) {
      expect(parseCandidatePath(path)).toBeUndefined();
    }
  });

  it('tells commands of a title bar which candidate is meant', () => {
    const uri = {
      scheme: 'discover-candidate',
      path: candidatePath({ sessionId, candidate: 3, path: 'a.py', view: 'review' }),
    };
    expect(candidateFromArguments([uri, { groupId: 0 }])).toBe(3);
    expect(candidateFromArguments([sessionId, 5])).toBe(5);
    expect(candidateFromArguments([{ scheme: 'file', path: '/a.py' }, { groupId: 0 }])).toBeUndefined();
    expect(candidateFromArguments([])).toBeUndefined();
  });
});
