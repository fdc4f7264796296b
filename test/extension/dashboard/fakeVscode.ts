interface FakeUri {
  readonly path: string;
}
type Listener<Value> = (value: Value) => void;

class FakeWebview {
  html = '';
  options: { readonly localResourceRoots?: readonly FakeUri[] } = {};
  readonly cspSource = 'vscode-resource:';
  readonly posted: unknown[] = [];
  private readonly listeners = new Set<Listener<unknown>>();
  asWebviewUri = (uri: FakeUri): FakeUri & { toString(): string } => ({
    ...uri,
    toString: () => `vscode-resource:${uri.path}`,
  });
  onDidReceiveMessage = subscribeTo(this.listeners);
  postMessage(message: unknown): Promise<boolean> {
    this.posted.push(message);
    return Promise.resolve(true);
  }
  /** As if the page had sent it. */
  receive(message: unknown): void {
    for (const listener of this.listeners) listener(message);
  }
}

export class FakePanel {
  readonly webview = new FakeWebview();
  readonly visible = true;
  revealed = 0;
  disposed = false;
  private readonly onDispose = new Set<Listener<undefined>>();
  onDidDispose = subscribeTo(this.onDispose);
  onDidChangeViewState = subscribeTo(new Set<Listener<undefined>>());
  constructor(
    public title: string,
    readonly showOptions?: unknown,
    readonly createOptions?: unknown,
  ) {}
  reveal(): void {
    this.revealed += 1;
  }
  dispose(): void {
    this.disposed = true;
    for (const listener of this.onDispose) listener(undefined);
  }
}

function subscribeTo<Value>(listeners: Set<Listener<Value>>) {
  return (listener: Listener<Value>): { dispose(): void } => {
    listeners.add(listener);
    return { dispose: () => listeners.delete(listener) };
  };
}

interface FakeSerializer {
  deserializeWebviewPanel(panel: FakePanel, state: unknown): Promise<void>;
}

/** As much of the editor's API as the dashboard uses. */
export const fakeVscode = {
  panels: [] as FakePanel[],
  shownErrors: [] as string[],
  serializer: undefined as FakeSerializer | undefined,
  reset(): void {
    fakeVscode.panels = [];
    fakeVscode.shownErrors = [];
    fakeVscode.serializer = undefined;
    fakeVscode.l10n.bundle = undefined;
  },
  env: { language: 'de' },
  l10n: { bundle: undefined as Readonly<Record<string, string>> | undefined },
  ViewColumn: { Beside: -2 },
  Uri: {
    joinPath: (base: FakeUri, ...parts: string[]): unknown => ({ path: [base.path, ...parts].join('/') }),
  },
  window: {
    createWebviewPanel(_viewType: string, title: string, showOptions: unknown, options: unknown): FakePanel {
      const panel = new FakePanel(title, showOptions, options);
      fakeVscode.panels.push(panel);
      return panel;
    },
    registerWebviewPanelSerializer(_viewType: string, serializer: FakeSerializer): { dispose(): void } {
      fakeVscode.serializer = serializer;
      return { dispose: () => undefined };
    },
    showErrorMessage(message: string): Promise<undefined> {
      fakeVscode.shownErrors.push(message);
      return Promise.resolve(undefined);
    },
  },
};
