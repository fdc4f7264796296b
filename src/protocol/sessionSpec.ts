import * as z from 'zod';
import { sessionOverrides } from '../domain/session/options';
import { sessionSecrets } from './sessionSecrets';

/** Crockford base 32, 26 characters. Chosen by the client, so that a repeated start is the same start. */
export const sessionId = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);

/** A path inside the problem's folder: relative, forward slashes, no `..`, no empty or dot segment, no NUL. */
export const relativePath = z.string().min(1).max(1024).refine(isRelativePath, {
  message: 'must be a relative path with forward slashes and without "..", "." or empty segments',
});

function isRelativePath(path: string): boolean {
  if (path.includes('\\') || path.includes('\0')) return false;
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

export const problemFileEntry = z.object({
  path: relativePath,
  executable: z.boolean(),
  base64: z.string(),
});
export type ProblemFileEntry = z.infer<typeof problemFileEntry>;

/**
 * All that a host needs to run a session: the files of the problem's folder and what the user chose. It is kept on the host,
 * and so has no secret.
 */
export const sessionSpec = z.object({
  version: z.literal(1),
  sessionId,
  /** The problem file as the user knows it, for display. */
  displayPath: z.string(),
  /** The problem file among `files`. */
  problemFile: relativePath,
  overrides: sessionOverrides,
  files: z.array(problemFileEntry).min(1),
});
export type SessionSpec = z.infer<typeof sessionSpec>;

/**
 * Standard input of `ttt-discover start --spec -`, gzip-compressed JSON. The secrets are taken out before anything is written;
 * `sessionSpec` leaves them out by itself.
 */
export const startInput = sessionSpec.extend({ secrets: sessionSecrets.optional() });
export type StartInput = z.infer<typeof startInput>;
