/** A build of Node whose archive is known by its checksum. */
export interface NodeRelease {
  readonly version: string;
  /** A `.tar.gz` with `bin/node` in its one folder. */
  readonly url: string;
  /** Of the archive, hexadecimal. */
  readonly sha256: string;
}

const version = '22.22.0';

/** Official builds by runtime key, with the checksums of their SHASUMS256.txt. They need glibc 2.28 or macOS 11. */
const archives: ReadonlyMap<string, string> = new Map([
  ['linux-x64', 'c33c39ed9c80deddde77c960d00119918b9e352426fd604ba41638d6526a4744'],
  ['linux-arm64', '25ba95dfb96871fa2ef977f11f95ea90818c8fa15c0f2110771db08d4ba423be'],
  ['darwin-x64', '5ea50c9d6dea3dfa3abb66b2656f7a4e1c8cef23432b558d45fb538c7b5dedce'],
  ['darwin-arm64', '5ed4db0fcf1eaf84d91ad12462631d73bf4576c1377e192d222e48026a902640'],
]);

/** `undefined` where there is no official build: musl, and a glibc before 2.28. */
export function nodeReleaseFor(runtimeKey: string): NodeRelease | undefined {
  const sha256 = archives.get(runtimeKey);
  return sha256 === undefined
    ? undefined
    : {
        version,
        sha256,
        url: `https://nodejs.org/dist/v${version}/node-v${version}-${runtimeKey}.tar.gz`,
      };
}

const oldestGlibc = [2, 28] as const;

/**
 * Which builds run on a host: its platform, or with `-old-glibc` behind it one that the official builds do not run on.
 * @param glibc such as `2.17`; `undefined` on musl and macOS.
 */
export function runtimeKeyOf(platformKey: string, glibc: string | undefined): string {
  const [major = 0, minor = 0] = (glibc ?? '').split('.').map(Number);
  if (glibc === undefined || !platformKey.startsWith('linux-')) return platformKey;
  const isOld = major < oldestGlibc[0] || (major === oldestGlibc[0] && minor < oldestGlibc[1]);
  return isOld ? `${platformKey}-old-glibc` : platformKey;
}

/** What to do where no build of ours runs, a sentence. */
export function noRuntimeAdvice(runtimeKey: string, minMajor: number): string {
  if (runtimeKey.endsWith('-musl'))
    return `Install Node ${minMajor} or later there from its own packages (Alpine: apk add nodejs), then connect again.`;
  if (runtimeKey.endsWith('-old-glibc'))
    return `The official Node needs glibc 2.28. Install Node ${minMajor} or later there with conda (conda install -c conda-forge nodejs), or name a build for an older glibc in tttDiscover.remote.nodeBinary, then connect again.`;
  return `Install Node ${minMajor} or later there, for example with nvm, or name a Node program for its system in tttDiscover.remote.nodeBinary, then connect again.`;
}
