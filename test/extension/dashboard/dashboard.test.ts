import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakePanel, fakeVscode } from './fakeVscode';

vi.mock('vscode', () => fakeVscode);

import type { Uri } from 'vscode';
import { registerDashboard, type Dashboard } from '../../../src/extension/dashboard/dashboard';
import type { SessionView, Sessions } from '../../../src/extension/sessions/sessions';
import { exampleSession, exampleSessionId, withSnapshot } from './exampleSession';

describe('the dashboard in the editor', () => {
  let asked: unknown[][];
  let logged: string[];
  let view: SessionView;
  let announce: (id: string) => void;
  let dashboard: Dashboard;

  beforeEach(() => {
    fakeVscode.reset();
    asked = [];
    logged = [];
    view = exampleSession(4);
    const listeners = new Set<(id: string) => void>();
    announce = (id) => listeners.forEach((listener) => listener(id));
    const ask =
      (name: string) =>
      (...parameters: unknown[]): Promise<void> => {
        asked.push([name, ...parameters]);
        return name === 'accept' ? Promise.reject(new Error('The file changed since')) : Promise.resolve();
      };
    const refused = (): Promise<never> => Promise.reject(new Error('not used by the dashboard'));
    const sessions: Sessions = {
      get all() {
        return [view];
      },
      get: (id) => (id === view.id ? view : undefined),
      onDidChange: (listener) => {
        listeners.add(listener);
        return { dispose: () => listeners.delete(listener) };
      },
      readCandidate: refused,
      readArtifact: refused,
      pause: refused,
      resume: refused,
      stop: refused,
    };
    dashboard = registerDashboard({
      extensionUri: fakeVscode.Uri.joinPath({ path: '/extension' }) as Uri,
      sessions,
      actions: {
        openDiff: ask('openDiff'),
        openBestDiff: ask('openBestDiff'),
        accept: ask('accept'),
        pause: ask('pause'),
        resume: ask('resume'),
        stop: ask('stop'),
      },
      log: { warn: (message) => logged.push(message), error: (message) => logged.push(String(message)) },
    });
  });

  const openPanel = (): FakePanel => {
    dashboard.open(exampleSessionId);
    return fakeVscode.panels[0]!;
  };

  it('opens one panel a session beside the editor, and shows it when asked again', () => {
    const panel = openPanel();
    dashboard.open(exampleSessionId);
    expect(fakeVscode.panels).toHaveLength(1);
    expect(panel).toMatchObject({ title: 'Erdős minimum overlap', revealed: 1 });
    expect(panel.showOptions).toEqual({ viewColumn: -2, preserveFocus: true });
    expect(panel.createOptions).not.toHaveProperty('retainContextWhenHidden', true);
  });

  it('lets the page load from its own folder alone, with scripts by nonce and no inline styles', () => {
    const { webview } = openPanel();
    expect(webview.options.localResourceRoots).toEqual([{ path: '/extension/dist/webview' }]);
    const policy = /content="(default-src[^"]*)"/.exec(webview.html)?.[1] ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'nonce-[\w+/]{22}=='; style-src vscode-resource: /,
    );
    expect(policy).not.toContain('unsafe');
  });

  it('makes a new nonce for every page', () => {
    const first = openPanel().webview.html;
    fakeVscode.panels[0]!.dispose();
    dashboard.open(exampleSessionId);
    expect(fakeVscode.panels[1]!.webview.html).not.toBe(first);
  });

  it('answers ready with a snapshot and follows the session', async () => {
    const { webview } = openPanel();
    webview.receive({ type: 'ready' });
    expect(webview.posted).toMatchObject([{ type: 'snapshot', revision: 1 }]);
    view = withSnapshot(view, { status: 'paused' });
    announce(exampleSessionId);
    await vi.waitFor(() => {
      expect(webview.posted[1]).toMatchObject({ type: 'patch', revision: 2, header: { status: 'paused' } });
    });
  });

  it('passes the buttons on', () => {
    const { webview } = openPanel();
    webview.receive({ type: 'openDiff', candidate: 7 });
    webview.receive({ type: 'openBestDiff' });
    webview.receive({ type: 'pause' });
    expect(asked).toEqual([
      ['openDiff', exampleSessionId, 7],
      ['openBestDiff', exampleSessionId],
      ['pause', exampleSessionId],
    ]);
  });

  it('shows why an action failed', async () => {
    openPanel().webview.receive({ type: 'accept', candidate: 3 });
    await vi.waitFor(() => {
      expect(fakeVscode.shownErrors).toEqual(['The file changed since']);
    });
    expect(logged.join()).toContain('The file changed since');
  });

  it.each([[null], [{ type: 'format disk' }], [{ type: 'accept', candidate: '1; rm' }]])(
    'refuses and logs the message %j',
    (message) => {
      openPanel().webview.receive(message);
      expect(asked).toEqual([]);
      expect(logged).toHaveLength(1);
    },
  );

  it('comes back after a restart with the session that the page has kept', async () => {
    const restored = new FakePanel('Discovery session');
    await fakeVscode.serializer?.deserializeWebviewPanel(restored, {
      sessionId: exampleSessionId,
      scrollTop: 3,
    });
    expect(restored.webview.html).toContain(exampleSessionId);
    dashboard.open(exampleSessionId);
    expect(restored.revealed).toBe(1);
  });

  it('closes a restored panel that has no session', async () => {
    const restored = new FakePanel('Discovery session');
    await fakeVscode.serializer?.deserializeWebviewPanel(restored, undefined);
    expect(restored.disposed).toBe(true);
    expect(logged).toHaveLength(1);
  });

  it('closes its panels when it is disposed', () => {
    const panel = openPanel();
    dashboard.dispose();
    expect(panel.disposed).toBe(true);
  });
});
