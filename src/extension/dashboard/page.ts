import { t } from '../base/translate';

/** Where the page's parts lie, and what they may do. */
export interface PageSources {
  /** Fresh for every page: base64 characters alone. */
  readonly nonce: string;
  /** `webview.cspSource`, or the origin of a test server. */
  readonly cspSource: string;
  readonly scriptUri: string;
  readonly styleUri: string;
  readonly codiconUri: string;
  readonly sessionId: string;
  /** BCP 47: the language of the texts. */
  readonly language: string;
  /** The page's texts by the English ones; those that are missing are said in English. */
  readonly texts: Readonly<Record<string, string>>;
}

/**
 * The policy of the page: our script by its nonce, our own style sheets and font, nothing else, and no inline style in
 * markup. Styles set by scripts through the CSSOM (constructed sheets, `element.style`) are not markup and stay possible.
 */
export function contentSecurityPolicy({
  nonce,
  cspSource,
}: Pick<PageSources, 'nonce' | 'cspSource'>): string {
  return [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
}

/** The page around the script, which draws everything in it. */
export function dashboardPage(sources: PageSources): string {
  const nonce = escapeAttribute(sources.nonce);
  // The icon component looks for this id, to load the same sheet into its own tree.
  return `<!DOCTYPE html>
<html lang="${escapeAttribute(sources.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(contentSecurityPolicy(sources))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeAttribute(t('TTT-Discover dashboard'))}</title>
<link rel="stylesheet" id="vscode-codicon-stylesheet" nonce="${nonce}" href="${escapeAttribute(sources.codiconUri)}">
<link rel="stylesheet" nonce="${nonce}" href="${escapeAttribute(sources.styleUri)}">
</head>
<body data-session-id="${escapeAttribute(sources.sessionId)}">
<main id="dashboard"></main>
<script type="application/json" id="texts">${JSON.stringify(sources.texts).replaceAll('<', String.raw`\u003c`)}</script>
<script nonce="${nonce}" src="${escapeAttribute(sources.scriptUri)}"></script>
</body>
</html>
`;
}

function escapeAttribute(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
