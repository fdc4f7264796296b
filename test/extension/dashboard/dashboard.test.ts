import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakePanel, fakeVscode } from './fakeVscode';

vi.mock('vscode', () => fakeVscode);

import type { Uri } from 'vscode';
import { registerDashboard, type Dashboard } from '../../../src/extension/dashboard/dashboard';
import type { SessionView, Sessions } from '../../../src/extension/sessions/sessions';
import { toDashboard } from '../../../src/protocol/dashboardMessages';
import { exampleSession, exampleSessionId, withSnapshot } from './exampleSession';

describe('the dashboard in the editor', () => {
  let asked: unknown[][];
  let logged: string[];
  let view: SessionView;
  let accepted: ReadonlySet<number>;
  let acceptedChanged: () => void;
  let announce: (id: string) => void;
  let dashboard: Dashboard;

  beforeEach(() => {
    fakeVscode.reset();
    asked = [];
    logged = [];
    view = exampleSession(4);
    accepted = new Set();
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
        verify: ask('verify'),
        pause: ask('pause'),
        resume: ask('resume'),
        stop: ask('stop'),
        exportSession: ask('exportSession'),
        exportChart: ask('exportChart'),
      },
      accepted: {
        of: () => Promise.resolve(accepted),
        onDidChange: (listener) => {
          acceptedChanged = listener;
          return { dispose: () => undefined };
        },
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

  it('gives the page the texts of the editor’s language, and English where there are none', () => {
    expect(openPanel().webview.html).toMatch(/<html lang="en">[^]*id="texts">\{\}</);
    fakeVscode.reset();
    fakeVscode.l10n.bundle = { Stop: 'Anhalten </script>' };
    dashboard.open('another');
    const { html } = fakeVscode.panels[0]!.webview;
    expect(html).toContain('<html lang="de">');
    const written = /id="texts">([^<]*)</.exec(html)?.[1] ?? '';
    expect(JSON.parse(written)).toEqual({ Stop: 'Anhalten </script>' });
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
    expect(webview.posted).toMatchObject([
      { type: 'snapshot', revision: 1 },
      { type: 'columns', isWhole: true },
      { type: 'comparison', sessions: [], overlays: [] },
    ]);
    view = withSnapshot(view, { status: 'paused' });
    announce(exampleSessionId);
    await vi.waitFor(() => {
      expect(webview.posted[3]).toMatchObject({ type: 'patch', revision: 2, header: { status: 'paused' } });
    });
  });

  it('marks candidates of which changes were accepted, now and later', async () => {
    accepted = new Set([5]);
    const { webview } = openPanel();
    const marked = (): number[] =>
      webview.posted
        .map((message) => toDashboard.parse(message))
        .flatMap((message) =>
          message.type === 'columns' && !message.isWhole
            ? Array.from(message.columns.ids).filter((_, row) => message.columns.accepted[row] === 1)
            : [],
        );
    webview.receive({ type: 'ready' });
    await vi.waitFor(() => {
      expect(marked()).toEqual([5]);
    });
    accepted = new Set([5, 7]);
    acceptedChanged();
    await vi.waitFor(() => {
      expect(marked()).toEqual([5, 7]);
    });
  });

  it('passes the buttons on', () => {
    const { webview } = openPanel();
    webview.receive({ type: 'openDiff', candidate: 7 });
    webview.receive({ type: 'openBestDiff' });
    webview.receive({ type: 'pause' });
    webview.receive({ type: 'export', format: 'csv' });
    webview.receive({ type: 'exportChart', format: 'svg', chart: 'Best so far', content: '<svg/>' });
    expect(asked).toEqual([
      ['openDiff', exampleSessionId, 7],
      ['openBestDiff', exampleSessionId],
      ['pause', exampleSessionId],
      ['exportSession', exampleSessionId, 'csv'],
      ['exportChart', exampleSessionId, expect.objectContaining({ chart: 'Best so far' })],
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
