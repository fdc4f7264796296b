import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobFate } from '../../../src/evaluation/slurm/jobFate';
import { jobKey, parseJobRows, parseRecord, runTimeMs } from '../../../src/evaluation/slurm/jobRows';
import type { JobRow } from '../../../src/evaluation/slurm/jobRows';

const word = fc.stringMatching(/^[\w.-]{1,20}$/);
const row: fc.Arbitrary<JobRow> = fc.record({
  jobId: fc.integer({ min: 1, max: 2 ** 31 }).map(String),
  index: fc.nat(5000),
  isAlone: fc.constant(false),
  state: fc.constantFrom('PENDING', 'RUNNING', 'NODE_FAIL', 'OUT_OF_MEMORY'),
  nodes: fc.oneof(fc.constant(''), word, fc.constant('north[1-3,7]')),
  name: word,
  reason: fc.stringMatching(/^[\w ,|()-]{0,30}$/).map((text) => text.trim()),
});

describe('rows of squeue', () => {
  it('are read as they were written, whatever the reason holds', () => {
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const text = rows.map(({ jobId, index, state, nodes, name, reason }) =>
          [jobId, index, state, nodes, name, reason].join('|'),
        );
        expect(parseJobRows(`${text.join('\n')}\n`)).toEqual(rows);
      }),
    );
  });

  it('are told from whatever else a site prints', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const { jobId, state, index } of parseJobRows(text)) {
          expect(jobId).toMatch(/^\d+$/);
          expect(state).toMatch(/^[A-Z_]+$/);
          expect(Number.isInteger(index)).toBe(true);
        }
      }),
    );
    const mixed = 'Welcome to the cluster!\n12|3|RUNNING|n1|ttt|None\n\nsqueue: warning: slow\n';
    expect(parseJobRows(mixed).map(jobKey)).toEqual(['12_3']);
  });

  it('have place 0 where a job is in no array, and none where the array is not spread out', () => {
    const [alone] = parseJobRows('7|N/A|COMPLETED|n1|ttt|None');
    expect(alone).toMatchObject({ jobId: '7', index: 0, isAlone: true });
    expect(alone && jobKey(alone)).toBe('7');
    expect(parseJobRows('7|[0-5%2]|PENDING||ttt|Resources')).toEqual([]);
  });
});

describe('records of scontrol', () => {
  it('are read whatever their values hold, but a name and a sign', () => {
    const name = fc.stringMatching(/^[A-Z][A-Za-z]{0,10}$/);
    const value = fc
      .stringMatching(/^[\w()./:,-]{0,10}( [\w()./:,-]{1,10}){0,3}$/)
      .map((text) => text.trim());
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key }), (fields) => {
        const line = fields.map(([key, text]) => `${key}=${text}`).join(' ');
        expect([...parseRecord(line)]).toEqual(fields);
      }),
    );
  });

  it('are read as Slurm 22.05 prints them', () => {
    const record = parseRecord(
      'JobId=3 ArrayJobId=2 ArrayTaskId=0 JobName=wrap UserId=root(0) JobState=NODE_FAIL Reason=None Dependency=(null) Requeue=1 Restarts=2 BatchFlag=1 ExitCode=0:9 RunTime=1-00:01:30 TimeLimit=01:00:00 Comment=ttt-discover c1 c2 BatchHost=north NumNodes=1',
    );
    expect(record.get('JobState')).toBe('NODE_FAIL');
    expect(record.get('Comment')).toBe('ttt-discover c1 c2');
    expect(record.get('BatchHost')).toBe('north');
    expect(runTimeMs(record.get('RunTime'))).toBe((24 * 3600 + 90) * 1000);
    expect(parseRecord('MaxArraySize            = 1001').get('MaxArraySize')).toBe('1001');
    expect(runTimeMs('INVALID')).toBe(0);
  });
});

describe('the state of a job', () => {
  const fateOf = (state: string, reason = 'None'): unknown => jobFate({ state, reason });

  it('tells what the cluster did from what the program did', () => {
    expect(fateOf('COMPLETED')).toEqual({ kind: 'over', how: 'ended' });
    expect(fateOf('FAILED', 'NonZeroExitCode')).toEqual({ kind: 'over', how: 'ended' });
    expect(fateOf('TIMEOUT')).toEqual({ kind: 'over', how: 'time' });
    expect(fateOf('OUT_OF_MEMORY')).toEqual({ kind: 'over', how: 'memory' });
    for (const state of ['NODE_FAIL', 'PREEMPTED', 'BOOT_FAIL']) {
      expect(fateOf(state)).toEqual({ kind: 'over', how: 'lost' });
    }
    expect(fateOf('CANCELLED')).toEqual({ kind: 'over', how: 'cancelled' });
  });

  it('lets wait what will run, and not what never will', () => {
    for (const reason of [
      'Resources',
      'Priority',
      'QOSMaxJobsPerUserLimit',
      'ReqNodeNotAvail, May be reserved',
    ]) {
      expect(fateOf('PENDING', reason)).toEqual({ kind: 'waits' });
    }
    for (const state of ['REQUEUED', 'CONFIGURING', 'A_STATE_OF_THE_FUTURE'])
      expect(fateOf(state)).toEqual({ kind: 'waits' });
    for (const state of ['RUNNING', 'COMPLETING', 'SUSPENDED'])
      expect(fateOf(state)).toEqual({ kind: 'runs' });
    expect(fateOf('PENDING', 'launch failed requeued held')).toEqual({ kind: 'stuck' });
    expect(fateOf('PENDING', 'JobHoldMaxRequeue')).toEqual({ kind: 'stuck' });
    expect(fateOf('PENDING', 'PartitionTimeLimit')).toEqual({ kind: 'impossible' });
  });
});
