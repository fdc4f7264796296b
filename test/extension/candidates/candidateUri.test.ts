import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidateFromArguments } from '../../../src/extension/candidates/candidateArguments';
import { candidatePath, parseCandidatePath } from '../../../src/extension/candidates/candidateUri';

const sessionId = '01JD8E2V7Q0000000000000000';

describe('the address of a candidate document', () => {
  it('reads well in a tab and in breadcrumbs', () => {
    expect(candidatePath({ sessionId, candidate: 17, path: 'src/initial.py' })).toBe(
      `/.discover-candidates/${sessionId}/c17/src/initial.py`,
    );
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.nat(), fc.stringMatching(/^[^/]+(\/[^/]+)*$/), (candidate, path) => {
        const address = { sessionId, candidate, path };
        expect(parseCandidatePath(candidatePath(address))).toEqual(address);
      }),
    );
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
      path: candidatePath({ sessionId, candidate: 3, path: 'a.py' }),
    };
    expect(candidateFromArguments([uri, { groupId: 0 }])).toBe(3);
    expect(candidateFromArguments([sessionId, 5])).toBe(5);
    expect(candidateFromArguments([{ scheme: 'file', path: '/a.py' }, { groupId: 0 }])).toBeUndefined();
    expect(candidateFromArguments([])).toBeUndefined();
  });
});
