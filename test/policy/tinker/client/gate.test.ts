import { describe, expect, it } from 'vitest';
import { Gate } from '../../../../src/policy/tinker/client/gate';
import { FakeClock } from '../../../support/fakeTinker/fakeClock';
import { failureOf, never } from './setup';

describe('the gate of submissions', () => {
  it('lets in what fits, in order, and always one', async () => {
    const gate = new Gate(new FakeClock(), { count: 2, bytes: 100 });
    const entered: string[] = [];
    const enter = async (name: string, bytes: number): Promise<() => void> => {
      const leave = await gate.enter(bytes, never);
      entered.push(name);
      return leave;
    };
    const large = await enter('large', 1000);
    const second = enter('second', 60);
    const third = enter('third', 60);
    await new Promise((resolve) => setImmediate(resolve));
    expect(entered).toEqual(['large']);
    large();
    const leaveSecond = await second;
    expect(entered).toEqual(['large', 'second']);
    leaveSecond();
    (await third)();
    expect(entered).toEqual(['large', 'second', 'third']);
  });

  it('pauses after a rejection, then lets at most ten in for ten seconds', async () => {
    const clock = new FakeClock();
    const gate = new Gate(clock, { count: 400, bytes: 10_000 });
    gate.rejected(100, undefined);
    const leaves: (() => void)[] = [];
    for (let index = 0; index < 10; index += 1) leaves.push(await gate.enter(1, never));
    expect(clock.waits).toEqual([1000]);
    let eleventh = false;
    const waiting = gate.enter(1, never).then(() => (eleventh = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(eleventh).toBe(false);
    leaves[0]?.();
    await waiting;
    gate.rejected(200_000, undefined);
    leaves[1]?.();
    await gate.enter(1, never);
    expect(clock.waits).toEqual([1000, 5000]);
  });

  it('gives up a place in the queue on cancellation', async () => {
    const gate = new Gate(new FakeClock(), { count: 1, bytes: 100 });
    const leave = await gate.enter(1, never);
    const cancel = new AbortController();
    const cancelled = failureOf(gate.enter(1, cancel.signal));
    const next = gate.enter(1, never);
    cancel.abort(new Error('pressed stop'));
    expect((await cancelled).message).toBe('pressed stop');
    leave();
    (await next)();
  });
});
