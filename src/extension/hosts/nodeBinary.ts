/** What decides which Node binary is uploaded to a host that has none. */
export interface NodeBinaryFacts {
  /** Of the host, such as `linux-x64`. */
  readonly platformKey: string;
  /** Of this machine; `undefined` where its binaries would not run elsewhere (musl). */
  readonly ownPlatformKey: string | undefined;
  /** Plain Node of this extension host; `undefined` inside Electron, whose program is no Node binary. */
  readonly ownNodePath: string | undefined;
  /** Setting `tttDiscover.remote.nodeBinary`: a Linux binary. */
  readonly configuredPath: string | undefined;
}

/** Path of a binary that fits the host, or `undefined`. The user's own choice comes first. */
export function chooseNodeBinary(facts: NodeBinaryFacts): string | undefined {
  if (facts.configuredPath !== undefined && facts.platformKey.startsWith('linux-'))
    return facts.configuredPath;
  return facts.ownPlatformKey === facts.platformKey ? facts.ownNodePath : undefined;
}

/** Key of this machine; `undefined` on a Linux without glibc. */
export function platformKeyOf(
  platform: string,
  architecture: string,
  glibcVersion: string | undefined,
): string | undefined {
  if (platform === 'linux' && glibcVersion === undefined) return undefined;
  return `${platform}-${architecture}`;
}
