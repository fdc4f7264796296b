import type { SeenRequest } from './faults';
import { refuse, type FakeTinkerOptions } from './state';

/** Authentication as the hosted service has it: the key buys JWTs, everything else takes a JWT in the same header. */
export class HostedAccess {
  private readonly good = new Map<string, number>();
  private count = 0;

  constructor(private readonly options: FakeTinkerOptions) {}

  newToken(): string {
    this.count += 1;
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const expiresAtMs = this.nowMs + (this.options.tokenLifeMs ?? 3_600_000);
    const token = `${part({ alg: 'HS256' })}.${part({ exp: expiresAtMs / 1000, n: this.count })}.c2lnbmF0dXJl`;
    this.good.set(token, expiresAtMs);
    return token;
  }

  /** Ends all tokens before their time. */
  revokeAll(): void {
    this.good.clear();
  }

  get tokensGiven(): number {
    return this.count;
  }

  check({ path, headers }: SeenRequest): void {
    if (this.options.mode !== 'hosted') return;
    const shown = headers['x-api-key'] ?? '';
    if (path === '/client/config' || path === '/auth/token') {
      if (shown !== this.options.key) refuse(401, `Invalid key ${shown}`);
      return;
    }
    if ((this.good.get(shown) ?? 0) <= this.nowMs) refuse(401, `Token ${shown} is not valid`);
  }

  private get nowMs(): number {
    return this.options.nowMs?.() ?? Date.now();
  }
}
