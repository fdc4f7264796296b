// Where things are: the repository, and the folder that keeps what is slow to fetch between runs.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export const repositoryFolder = resolve(import.meta.dirname, '../..');

/** `$XDG_CACHE_HOME/ttt-discover`, by default `~/.cache/ttt-discover`. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ttt-discover');
