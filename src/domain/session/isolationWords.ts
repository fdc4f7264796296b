const words: Readonly<Record<string, string>> = {
  bubblewrap: 'bubblewrap',
  unshare: 'namespaces, made by the runner without bubblewrap',
  none: 'none: programs had all rights of the account',
};

/** Of what `environment.ready` names, for people; another kind, of a newer runner, for itself. */
export function isolationWords(kind: string | undefined): string | undefined {
  return kind === undefined ? undefined : (words[kind] ?? kind);
}
