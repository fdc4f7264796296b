/** As much of the editor as exports use: a person who answers its questions, and files in memory. */
export class FakeUri {
  constructor(
    readonly scheme: string,
    readonly path: string,
  ) {}
  get fsPath(): string {
    return this.path;
  }
  with({ path }: { readonly path: string }): FakeUri {
    return new FakeUri(this.scheme, path);
  }
  toString(): string {
    return `${this.scheme}://${this.path}`;
  }
  static file(path: string): FakeUri {
    return new FakeUri('file', path.startsWith('/') ? path : `/${path}`);
  }
  static parse(text: string): FakeUri {
    const [, scheme = 'file', path = text] = /^([a-z]+):\/\/(.*)$/.exec(text) ?? [];
    return new FakeUri(scheme, path);
  }
  static joinPath(base: FakeUri, ...parts: string[]): FakeUri {
    const path: string[] = [];
    for (const part of [base.path, ...parts].join('/').split('/')) {
      if (part === '..') path.pop();
      else if (part !== '' && part !== '.') path.push(part);
    }
    return new FakeUri(base.scheme, `/${path.join('/')}`);
  }
}

class FileSystemError extends Error {}

interface SaveQuestion {
  readonly defaultUri: FakeUri;
  readonly filters: Record<string, string[]>;
}

export const files = new Map<string, Uint8Array>();
export const person = {
  /** Where to save; `undefined` closes the dialog, `default` takes what is offered. */
  place: 'default' as string | undefined,
  picks: [] as (string | undefined)[],
  inputs: [] as (string | undefined)[],
  /** The button of the message at the end. */
  button: undefined as string | undefined,
  /** What was asked and shown. */
  saves: [] as SaveQuestion[],
  shown: [] as string[],
  offered: [] as string[],
  commands: [] as unknown[][],
  opened: [] as string[],
  failsToWrite: false,
  reset(): void {
    Object.assign(person, { place: 'default', button: undefined, failsToWrite: false });
    for (const list of [
      person.picks,
      person.inputs,
      person.saves,
      person.shown,
      person.offered,
      person.commands,
      person.opened,
    ])
      list.length = 0;
    files.clear();
  },
};

export const fakeVscode = {
  Uri: FakeUri,
  FileSystemError,
  ProgressLocation: { Notification: 15 },
  env: {
    remoteName: undefined as string | undefined,
    openExternal(uri: FakeUri): Promise<boolean> {
      person.opened.push(uri.path);
      return Promise.resolve(true);
    },
  },
  commands: {
    executeCommand(...args: unknown[]): Promise<void> {
      person.commands.push(args);
      return Promise.resolve();
    },
  },
  window: {
    showSaveDialog(question: SaveQuestion): Promise<FakeUri | undefined> {
      person.saves.push(question);
      const place = person.place === 'default' ? question.defaultUri.path : person.place;
      return Promise.resolve(place === undefined ? undefined : FakeUri.file(place));
    },
    showQuickPick<Item extends { readonly label: string }>(
      items: readonly Item[],
    ): Promise<Item | undefined> {
      const wanted = person.picks.shift();
      person.offered.push(...items.map(({ label }) => label));
      return Promise.resolve(items.find(({ label }) => label === wanted));
    },
    showInputBox({ value }: { readonly value?: string }): Promise<string | undefined> {
      const answer = person.inputs.shift();
      return Promise.resolve(answer === 'default' ? value : answer);
    },
    showInformationMessage(message: string, ...buttons: string[]): Promise<string | undefined> {
      person.shown.push(message);
      person.offered.push(...buttons);
      return Promise.resolve(person.button);
    },
    withProgress: <T>(_: unknown, work: () => Promise<T>): Promise<T> => work(),
  },
  workspace: {
    workspaceFolders: [{ uri: FakeUri.file('/work') }],
    getWorkspaceFolder: (uri: FakeUri) => (uri.path.startsWith('/work/') ? {} : undefined),
    fs: {
      writeFile(uri: FakeUri, bytes: Uint8Array): Promise<void> {
        if (person.failsToWrite) return Promise.reject(new FileSystemError('No permission.'));
        files.set(uri.path, bytes);
        return Promise.resolve();
      },
      readFile(uri: FakeUri): Promise<Uint8Array> {
        const bytes = files.get(uri.path);
        return bytes === undefined
          ? Promise.reject(new FileSystemError('No such file.'))
          : Promise.resolve(bytes);
      },
    },
  },
};
