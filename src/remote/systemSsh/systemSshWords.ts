import type { HostEnvironment } from '../hostClient';

const maxSaidLength = 16 * 1024;
/** What `ssh` says under `LogLevel=DEBUG1` and not otherwise. */
const aside = /^(?:debug\d: |Authenticated (?:to|using) |Transferred: |Bytes per second: )/;
const algorithm =
  /^debug1: kex: (?:algorithm: (?<kex>\S+)|host key algorithm: (?<hostKey>\S+)|server->client cipher: (?<cipher>\S+) MAC: (?<mac>\S+))/;

/** Reads what the `ssh` program says, line by line: its messages are kept, its asides are for the log. */
export class SystemSshWords {
  /** The messages so far, the newest if they are many. */
  said = '';
  private rest = '';
  private readonly algorithms: string[] = [];
  private readonly startedMs = performance.now();

  constructor(
    private readonly alias: string,
    private readonly environment: Pick<HostEnvironment, 'log' | 'trace'>,
  ) {}

  add(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.take(line);
  }

  /** Nothing more comes. */
  end(): string {
    if (this.rest !== '') this.take(this.rest);
    this.rest = '';
    return this.said;
  }

  private take(line: string): void {
    const words = line.trim();
    if (aside.test(words)) {
      this.environment.trace?.(`${this.alias}: ${words}`);
      this.tellPhase(words);
      return;
    }
    this.said = `${this.said}${line}\n`.slice(-maxSaidLength);
    if (words !== '') this.environment.log('debug', `ssh ${this.alias}: ${words}`);
  }

  private tellPhase(words: string): void {
    const { kex, hostKey, cipher, mac } = algorithm.exec(words)?.groups ?? {};
    for (const one of [kex, hostKey, cipher, mac === '<implicit>' ? undefined : mac]) {
      if (one !== undefined) this.algorithms.push(one);
    }
    if (cipher !== undefined) {
      this.tell(`key exchange done, ${this.algorithms.splice(0).join(', ')}`);
    }
    const method = /^Authenticated (?:to .* )?using "([^"]*)"/.exec(words)?.[1];
    if (method !== undefined) this.tell(`the server took ${method}`);
  }

  private tell(what: string): void {
    const afterMs = Math.round(performance.now() - this.startedMs);
    this.environment.log('info', `${this.alias}: ${what} (after ${afterMs} ms)`);
  }
}
