/** Made by tools, never part of a problem. */
const madeByTools: ReadonlySet<string> = new Set(['node_modules', '__pycache__', 'venv']);

/** True for names of files and folders that never go to a host: those, and all that begin with a dot: settings, caches, secrets. */
export function isLeftOut(name: string): boolean {
  return name.startsWith('.') || madeByTools.has(name);
}

/** The same in a folder of another tool, where cargo builds, too; in a problem's own folder `target` may be anything. */
export function isLeftOutOfForeign(name: string): boolean {
  return isLeftOut(name) || name === 'target';
}
