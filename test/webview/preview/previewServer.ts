import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { contentSecurityPolicy, dashboardPage } from '../../../src/extension/dashboard/page';
import { exampleSessionId } from '../../extension/dashboard/exampleSession';
import { pseudoTexts } from '../../support/pseudoLanguage';
import { themes } from './themes';
import { toWire, type Recorded } from './wire';

export type ThemeName = keyof typeof themes;
export const themeNames = Object.keys(themes) as ThemeName[];

export interface Preview {
  /**
   * `?theme=NAME` chooses the colours, `&play` answers the page with what is recorded by itself, `&language=de` writes numbers in that
   * language and texts in a made-up one.
   */
  readonly url: string;
  readonly scriptBytes: number;
  close(): Promise<void>;
}

/**
 * Serves the bundled page on loopback as the editor would: the page and the policy are the extension's own, the policy
 * also as a header. In the editor's place stands `harness.js`. `recorded` is what `&play` shows.
 */
export async function startPreview(recorded: Recorded, port = 0): Promise<Preview> {
  const files = await bundle();
  const nonce = 'cHJldmlldw==';
  const server = createServer((request, response) => {
    const origin = `http://${request.headers.host ?? ''}`;
    const { pathname: path, searchParams } = new URL(request.url ?? '/', origin);
    if (path === '/') {
      const page = dashboardPage({
        nonce,
        cspSource: origin,
        scriptUri: '/dashboard.js',
        styleUri: '/dashboard.css',
        codiconUri: '/codicon.css',
        sessionId: exampleSessionId,
        language: searchParams.get('language') ?? 'en',
        texts: searchParams.has('language') ? pseudoTexts() : {},
      });
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.setHeader('content-security-policy', contentSecurityPolicy({ nonce, cspSource: origin }));
      // The editor, too, puts its own script at the very front.
      response.end(page.replace('<head>', `<head><script nonce="${nonce}" src="/harness.js"></script>`));
      return;
    }
    const file = path === '/harness.js' ? harness(files.harness, recorded) : files.byPath.get(path);
    if (file === undefined) {
      response.statusCode = 404;
      response.end();
      return;
    }
    response.setHeader('content-type', contentTypes[path.slice(path.lastIndexOf('.') + 1)] ?? 'text/plain');
    response.end(file);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    scriptBytes: files.byPath.get('/dashboard.js')?.byteLength ?? 0,
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error === undefined ? resolve() : reject(error)));
      }),
  };
}

const contentTypes: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  ttf: 'font/ttf',
};

function harness(source: string, recorded: Recorded): string {
  return `const themes = ${JSON.stringify(themes)};\nconst recorded = ${JSON.stringify(toWire(recorded))};\n${source}`;
}

/** As `npm run package` bundles it. */
async function bundle(): Promise<{
  readonly harness: string;
  readonly byPath: ReadonlyMap<string, Uint8Array>;
}> {
  // Tests and benches are started in the repository's folder; a bundled bench lies elsewhere itself.
  const root = pathToFileURL(`${process.cwd()}/`);
  const built = await esbuild.build({
    absWorkingDir: process.cwd(),
    entryPoints: { dashboard: 'webview/dashboard.ts' },
    outdir: 'dist/webview',
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    legalComments: 'none',
  });
  const codicons = new URL('node_modules/@vscode/codicons/dist/', root);
  const byPath = new Map<string, Uint8Array>([
    ['/codicon.css', await readFile(new URL('codicon.css', codicons))],
    ['/codicon.ttf', await readFile(new URL('codicon.ttf', codicons))],
    ...built.outputFiles.map(({ path, contents }): [string, Uint8Array] => [
      path.slice(path.lastIndexOf('/')),
      contents,
    ]),
  ]);
  return { harness: await readFile(new URL('test/webview/preview/harness.js', root), 'utf8'), byPath };
}
