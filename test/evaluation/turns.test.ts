import { describe, expect, it } from 'vitest';
import { createTurns } from '../../src/evaluation/turns';

const never = new AbortController().signal;

describe('turns', () => {
  it('let the next one in when a place is given back, once', async () => {
    const turns = createTurns(1);
    const order: string[] = [];
    const giveBack = await turns.take(never);
    const second = turns.take(never).then((give) => (order.push('second'), give));
    const third = turns.take(never).then((give) => (order.push('third'), give));
    order.push('first');
    giveBack();
    giveBack();
    const giveSecondBack = await second;
    expect(order).toEqual(['first', 'second']);
    giveSecondBack();
    await third;
    expect(order).toEqual(['first', 'second', 'third']);
  });

  it('are given up by those who are cancelled while they wait', async () => {
    const turns = createTurns(1);
    const giveBack = await turns.take(never);
    const cancel = new AbortController();
    const waiting = turns.take(cancel.signal);
    cancel.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    giveBack();
    await expect(turns.take(never)).resolves.toBeTypeOf('function');
  });
});
