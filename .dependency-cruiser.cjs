// The arrows of docs/architecture.md, checked. A broken one fails CI.
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  comment: `${from} may import only: ${allowed.join(', ') || 'itself'}`,
  from: { path: `^${from}/` },
  to: { path: '^(src|webview|test|scripts)/', pathNot: [from, ...allowed].map((folder) => `^${folder}/`) },
});
const noPackages = (name, from, path) => ({ name, severity: 'error', from: { path: from }, to: { path } });

module.exports = {
  forbidden: [
    only('domain-is-pure', 'src/domain', []),
    only('protocol-on-domain', 'src/protocol', ['src/domain']),
    only('policy-arrows', 'src/policy', ['src/domain', 'src/protocol']),
    only('evaluation-arrows', 'src/evaluation', ['src/domain', 'src/protocol']),
    only('runner-arrows', 'src/runner', ['src/domain', 'src/protocol', 'src/policy', 'src/evaluation']),
    only('remote-arrows', 'src/remote', ['src/domain', 'src/protocol']),
    only('extension-arrows', 'src/extension', ['src/domain', 'src/protocol', 'src/remote']),
    only('webview-arrows', 'webview', ['src/domain', 'src/protocol']),
    {
      name: 'domain-packages',
      severity: 'error',
      comment: 'The domain and the protocol know zod and yaml and nothing else.',
      from: { path: '^src/(domain|protocol)/' },
      to: { dependencyTypesNot: ['local', 'type-only'], pathNot: '^(src/|node_modules/(zod|yaml)/)' },
    },
    noPackages(
      'only-the-extension-knows-vscode',
      '^(src/(?!extension/)|webview/)',
      '^(node_modules/@types/)?vscode($|/)',
    ),
    noPackages('no-node-in-the-page', '^webview/', '^node:'),
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
