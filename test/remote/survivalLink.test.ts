import { describe, expect, it } from 'vitest';
import { LinkPulse } from '../../src/remote/attach/linkPulse';

/** A machine whose timers a test fires, and which may sleep: then they all come late. */
class Machine {
  nowMs = 1_000_000;
  readonly pings: number[] = [];
  diedAtMs: number | undefined;
  /** Whether the host answers at once. */
  answers = true;
  private timer: { readonly atMs: number; readonly callback: () => void } | undefined;
  readonly pulse = new LinkPulse({
    pingEveryMs: 10_000,
    deadlineMs: 20_000,
    clock: {
      nowMs: () => this.nowMs,
      setTimer: (delayMs, callback) => {
        const timer = { atMs: this.nowMs + delayMs, callback };
        this.timer = timer;
        return () => {
          if (this.timer === timer) this.timer = undefined;
        };
      },
    },
    ping: () => {
      this.pings.push(this.nowMs);
      if (this.answers) this.pulse.heard();
    },
    onDead: () => (this.diedAtMs = this.nowMs),
  });

  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const { timer } = this;
      if (timer === undefined || timer.atMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, timer.atMs);
      this.timer = undefined;
      timer.callback();
    }
    this.nowMs = endMs;
  }

  /** Time passes and no timer fires; at the end they are all due. */
  sleep(ms: number): void {
    this.nowMs += ms;
  }
}

describe('the pulse of a link', () => {
  it('asks every 10 s where nothing else is heard, and nothing where the host speaks', () => {
    const machine = new Machine();
    machine.pass(60_000);
    expect(machine.pings.length).toBe(6);
    for (let second = 0; second < 60; second++) {
      machine.pulse.heard();
      machine.pass(1000);
    }
    expect(machine.pings.length).toBe(6);
  });

  it('calls a link dead that is silent for 20 s after it was asked, once', () => {
    const machine = new Machine();
    machine.answers = false;
    machine.pass(29_000);
    expect(machine.diedAtMs).toBeUndefined();
    machine.pass(1000);
    expect(machine.diedAtMs).toBe(1_030_000);
    machine.pass(3_600_000);
    expect(machine.pings.length).toBe(1);
  });

  it('takes any word of the host for a sign of life', () => {
    const machine = new Machine();
    machine.answers = false;
    for (let count = 0; count < 20; count++) {
      machine.pass(25_000);
      machine.pulse.heard();
    }
    expect(machine.diedAtMs).toBeUndefined();
  });

  it.each([
    ['that was quiet', 1000],
    ['that was just asked', 12_000],
    ['that was nearly given up', 29_000],
  ])('asks a link %s again after eight hours of sleep, before it is given up', (_what, beforeMs) => {
    const machine = new Machine();
    machine.answers = false;
    machine.pass(beforeMs);
    machine.sleep(8 * 3_600_000);
    const asked = machine.pings.length;
    const wokenAtMs = machine.nowMs;
    machine.pass(1);
    expect(machine.diedAtMs).toBeUndefined();
    expect(machine.pings.slice(asked)).toEqual([wokenAtMs]);
    machine.answers = true;
    machine.pulse.heard();
    machine.pass(60_000);
    expect(machine.diedAtMs).toBeUndefined();
  });

  it('gives up a link that does not answer after the sleep either', () => {
    const machine = new Machine();
    machine.pass(3000);
    machine.answers = false;
    machine.sleep(8 * 3_600_000);
    const wokenAtMs = machine.nowMs;
    machine.pass(60_000);
    expect(machine.diedAtMs).toBe(wokenAtMs + 20_000);
  });

  it('asks and does not give up when the clock is set forth by hours', () => {
    const machine = new Machine();
    machine.pass(4000);
    machine.nowMs += 5 * 3_600_000;
    machine.pass(120_000);
    expect(machine.diedAtMs).toBeUndefined();
  });
});
