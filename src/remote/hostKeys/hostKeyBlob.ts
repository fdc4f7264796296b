import { createHash, ECDH } from 'node:crypto';

/** `SHA256:…` as `ssh-keygen -lf` prints it. */
export function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/**
 * The type named inside a public key (RFC 4253, 6.6); `undefined` if the bytes are no whole key of a type that OpenSSH
 * knows. Certificates are looked at from outside alone: nothing here trusts them.
 */
export function keyTypeOf(key: Uint8Array): string | undefined {
  const [name, ...fields] = fieldsOf(key) ?? [];
  const type = name?.toString('latin1') ?? '';
  const isWhole = checks.get(type);
  return isWhole?.(fields) === true ? type : undefined;
}

/** The type of the keys that a type or signature algorithm, as a known_hosts file or a server names it, stands for. */
export function plainTypeOf(name: string): string {
  return name === 'rsa-sha2-256' || name === 'rsa-sha2-512' ? 'ssh-rsa' : name;
}

/** Length-prefixed fields up to the very last byte. */
function fieldsOf(key: Uint8Array): Buffer[] | undefined {
  const bytes = Buffer.from(key);
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

type Check = (fields: readonly Buffer[]) => boolean;

const isEd25519: Check = ([point]) => point?.length === 32;

function isEcdsa(curve: string, nodeCurve: string): Check {
  return ([name, point]) => {
    // Only the uncompressed form, as in OpenSSH.
    if (name?.toString('latin1') !== curve || point?.[0] !== 4) return false;
    try {
      ECDH.convertKey(point, nodeCurve);
      return true;
    } catch {
      // No point of the curve.
      return false;
    }
  };
}

const minRsaBits = 1024;
const maxNumberBits = 16_384;

const isRsa: Check = ([exponent, modulus]) => {
  const [exponentBits, modulusBits] = [bitsOf(exponent), bitsOf(modulus)];
  return exponentBits !== undefined && modulusBits !== undefined && modulusBits >= minRsaBits;
};

/**
 * Length of a number that is not negative and is written without needless zeros (RFC 4251, 5); `undefined` if it is none.
 * With needless zeros the same key would have several spellings, and one of them could pass for another key.
 */
function bitsOf(number: Buffer | undefined): number | undefined {
  const first = number?.[0] ?? 0;
  if (number === undefined || first >= 0x80) return undefined;
  if (number.length > 0 && first === 0 && (number[1] ?? 0) < 0x80) return undefined;
  const start = first === 0 ? 1 : 0;
  const bits = Math.max(0, (number.length - start - 1) * 8 + (32 - Math.clz32(number[start] ?? 0)));
  return bits <= maxNumberBits ? bits : undefined;
}

const counted =
  (count: number, check: Check): Check =>
  (fields) =>
    fields.length === count && check(fields);

const hasSome: Check = (fields) => fields.length > 0;

const p256 = isEcdsa('nistp256', 'prime256v1');
const checks: ReadonlyMap<string, Check> = new Map([
  ['ssh-ed25519', counted(1, isEd25519)],
  ['ssh-rsa', counted(2, isRsa)],
  ['ssh-dss', counted(4, (numbers) => numbers.every((number) => bitsOf(number) !== undefined))],
  ['ecdsa-sha2-nistp256', counted(2, p256)],
  ['ecdsa-sha2-nistp384', counted(2, isEcdsa('nistp384', 'secp384r1'))],
  ['ecdsa-sha2-nistp521', counted(2, isEcdsa('nistp521', 'secp521r1'))],
  ['sk-ssh-ed25519@openssh.com', counted(2, isEd25519)],
  ['sk-ecdsa-sha2-nistp256@openssh.com', counted(3, p256)],
  ['ssh-ed25519-cert-v01@openssh.com', hasSome],
  ['ssh-rsa-cert-v01@openssh.com', hasSome],
  ['ssh-dss-cert-v01@openssh.com', hasSome],
  ['ecdsa-sha2-nistp256-cert-v01@openssh.com', hasSome],
  ['ecdsa-sha2-nistp384-cert-v01@openssh.com', hasSome],
  ['ecdsa-sha2-nistp521-cert-v01@openssh.com', hasSome],
  ['sk-ssh-ed25519-cert-v01@openssh.com', hasSome],
  ['sk-ecdsa-sha2-nistp256-cert-v01@openssh.com', hasSome],
]);
