import type { NodeRecord } from './snapshot';

const words: Readonly<Record<string, string>> = {
  bubblewrap: 'bubblewrap',
  unshare: 'namespaces, made by the runner without bubblewrap',
  crun: 'containers of crun',
  runc: 'containers of runc',
  none: 'none: programs had all rights of the account',
};
/** More are counted. */
const mostNamed = 5;

/** In `environment.ready`, where evaluations are jobs of a cluster. */
export const onNodes = 'on-nodes';

/** Of what `environment.ready` names, for people; another kind, of a newer runner, for itself. `nodes`: those of a cluster that told of theirs. */
export function isolationWords(
  kind: string | undefined,
  nodes: readonly NodeRecord[] = [],
): string | undefined {
  if (kind === undefined) return undefined;
  if (nodes.length === 0)
    return kind === onNodes ? 'by each node its own; none has told of it yet' : wordOf(kind);
  const kinds = [...new Set(nodes.map(({ isolation }) => isolation))];
  return kinds
    .map((one) => `${wordOf(one)} (${placeOf(nodes.filter(({ isolation }) => isolation === one))})`)
    .join('; ');
}

function wordOf(kind: string): string {
  return words[kind] ?? kind;
}

function placeOf(nodes: readonly NodeRecord[]): string {
  const names = nodes.map(({ node }) => node).toSorted();
  return names.length > mostNamed ? `on ${names.length} nodes` : `on ${names.join(', ')}`;
}
