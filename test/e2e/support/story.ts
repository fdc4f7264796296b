import { it } from 'vitest';
import type { EditorWindow } from './editorWindow';

/**
 * Tests that go on where the one before ended, as a person does. After a failure the later ones fail at once, and what
 * the window showed is in test-results/e2e/failed-….png.
 */
export function story(
  window: () => EditorWindow | undefined,
): (name: string, step: () => Promise<void>) => void {
  let broken: string | undefined;
  return (name, step) => {
    it(name, async () => {
      if (broken !== undefined) throw new Error(`not tried, because this failed before: ${broken}`);
      try {
        await step();
      } catch (error) {
        broken = name;
        await window()?.picture(`failed-${name.replaceAll(/[^a-z0-9]+/gi, '-')}`);
        throw error;
      }
    });
  };
}
