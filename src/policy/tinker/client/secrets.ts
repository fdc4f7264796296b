/** Shorter ones cannot be keys, and hiding them would garble every message. */
const shortestSecret = 8;
const replacement = '[key]';
/** Keys and JWTs by their form, for secrets that came from elsewhere than this client. */
const secretForms = /\b(?:tml-[A-Za-z0-9_-]{4,}|eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,2})/g;

/** Takes secrets out of texts that people will read. */
export interface Secrets {
  add(secret: string): void;
  redact(text: string): string;
}

/** Knows every key and token that was used, as it is and as JSON or an address would write it. */
export function createSecrets(): Secrets {
  const known = new Set<string>();
  return {
    add: (secret) => {
      if (secret.length < shortestSecret) return;
      for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
        known.add(form);
    },
    redact: (text) => {
      let clean = text;
      for (const secret of [...known].sort((a, b) => b.length - a.length))
        clean = clean.replaceAll(secret, replacement);
      return clean.replace(secretForms, replacement);
    },
  };
}
