import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isCancelled } from '../../../src/extension/base/failures';
import { forgetHost, forgetTrustedKey, type ForgetContext } from '../../../src/extension/hosts/forgetHost';
import { SecondLogin } from '../../../src/extension/hosts/secondLogin';
import type { HostTarget } from '../../../src/remote/hostClient';
import { memoryMemento } from '../support/memento';

const editor = vi.hoisted(() => ({
  dialogs: [] as { title: string; detail: string; buttons: string[] }[],
  told: [] as string[],
  button: undefined as string | undefined,
  typed: undefined as string | undefined,
}));
vi.mock('vscode', () => ({
  window: {
    showWarningMessage(title: string, { detail }: { detail: string }, ...buttons: string[]) {
      editor.dialogs.push({ title, detail, buttons });
      return Promise.resolve(editor.button);
    },
    showInputBox: () => Promise.resolve(editor.typed),
    showInformationMessage: (text: string) => void editor.told.push(text),
  },
}));

const farm: HostTarget = { kind: 'ssh', alias: 'farm' };
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPr0ZoVXPVQv6LZbN8mXm5cV0Yt2bK0cJQj0V3r6kRk';

let folder: string;
let knownHostsPath: string;
let disconnected: HostTarget[];
let forgotten: string[];
let context: ForgetContext;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ttt-forget-'));
  knownHostsPath = join(folder, 'known_hosts');
  disconnected = [];
  forgotten = [];
  Object.assign(editor, { dialogs: [], told: [], button: undefined, typed: undefined });
  context = {
    knownHostsPath,
    pinNameOf: (alias) => Promise.resolve(`${alias}.example.com`),
    choicesOf: () => [
      {
        what: 'that sessions of this workspace run there',
        forget: () => Promise.resolve(void forgotten.push('selection')),
      },
    ],
    disconnect: (target) => Promise.resolve(void disconnected.push(target)),
  };
  await writeFile(knownHostsPath, `farm.example.com ${key}\nother.example.com ${key}\n`);
});
afterEach(() => rm(folder, { recursive: true }));

const cancelled = async (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => false,
    (error: unknown) => isCancelled(error),
  );

describe('forgetting a host', () => {
  it('says what is forgotten and what stays, and does nothing before a yes', async () => {
    expect(await cancelled(forgetHost(context, farm))).toBe(true);
    expect(editor.dialogs).toHaveLength(1);
    expect(editor.dialogs[0]?.detail.split('\n')).toEqual([
      'What is forgotten:',
      '• the trusted host key of farm.example.com',
      '• that sessions of this workspace run there',
      '',
      expect.stringContaining('stay'),
    ]);
    editor.button = 'Forget';
    editor.typed = 'farm';
    expect(await cancelled(forgetHost(context, farm))).toBe(true);
    expect([disconnected, forgotten]).toEqual([[], []]);
    expect(await readFile(knownHostsPath, 'utf8')).toContain('farm.example.com');
  });

  it('wants the name typed for a trusted key, closes the connection, and leaves the keys of others', async () => {
    editor.button = 'Forget';
    editor.typed = 'farm.example.com';
    await forgetHost(context, farm);
    expect([disconnected, forgotten]).toEqual([[farm], ['selection']]);
    expect(await readFile(knownHostsPath, 'utf8')).toBe(`other.example.com ${key}\n`);
    expect(editor.told[0]).toContain('the trusted host key of farm.example.com');
  });

  it('says so where nothing is remembered', async () => {
    await rm(knownHostsPath);
    await expect(forgetHost({ ...context, choicesOf: () => [] }, farm)).rejects.toThrow(
      'remembers nothing of farm',
    );
    expect(editor.dialogs).toEqual([]);
  });

  it('forgets a key alone, such as a jump host’s, with its name typed', async () => {
    editor.typed = 'other';
    expect(await cancelled(forgetTrustedKey(context, 'other.example.com'))).toBe(true);
    editor.typed = 'other.example.com';
    await forgetTrustedKey(context, 'other.example.com');
    expect(await readFile(knownHostsPath, 'utf8')).toBe(`farm.example.com ${key}\n`);
  });
});

describe('a second login to the host of the window', () => {
  it('is asked about once, and never made without a yes', async () => {
    const memory = memoryMemento();
    const login = new SecondLogin(memory, 'farm');
    expect(await cancelled(login.confirm(farm))).toBe(true);
    expect(login.rememberedOf(farm)).toEqual([]);
    editor.button = 'Log In Again';
    await login.confirm(farm);
    await login.confirm(farm);
    expect(editor.dialogs).toHaveLength(2);
    const [remembered] = login.rememberedOf(farm);
    await remembered?.forget();
    await login.confirm(farm);
    expect(editor.dialogs).toHaveLength(3);
  });

  it('is no matter for other hosts, this machine, and windows that are on none', async () => {
    await new SecondLogin(memoryMemento(), 'farm').confirm({ kind: 'ssh', alias: 'gpu-1' });
    await new SecondLogin(memoryMemento(), 'farm').confirm({ kind: 'local' });
    await new SecondLogin(memoryMemento(), undefined).confirm(farm);
    expect(editor.dialogs).toEqual([]);
  });
});
