import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { commandIds } from '../../src/extension/commandIds';
import { manifestInWords } from './manifestText';

const item = z.object({ command: z.string(), when: z.string().optional(), group: z.string().optional() });
const { contributes } = z
  .object({
    contributes: z.object({
      commands: z.array(
        z.object({
          command: z.string(),
          title: z.string(),
          icon: z.string().optional(),
          enablement: z.string().optional(),
        }),
      ),
      menus: z.record(z.string(), z.array(item)),
      views: z.record(z.string(), z.array(z.object({ id: z.string() }))),
      viewsWelcome: z.array(z.object({ view: z.string() })),
    }),
  })
  .parse(manifestInWords());
const { commands, menus } = contributes;
const palette = new Map((menus['commandPalette'] ?? []).map(({ command, when }) => [command, when]));

/** Commands that only a row or a link of ours calls, as they need what it knows. */
const calledByRows: readonly string[] = [commandIds.showMoreCandidates];

/** Commands that run programs, here or on a host. */
const running = [
  'startDiscovery',
  'startDiscoveryWith',
  'evaluateInitial',
  'connectHost',
  'openHostTerminal',
  'checkHost',
  'fixHost',
  'reconnectSession',
] as const;

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('the commands', () => {
  it('can each be found: in the palette, at times, unless a row calls it', () => {
    for (const { command } of commands) {
      const isHidden = palette.get(command) === 'false';
      expect([command, isHidden]).toEqual([command, calledByRows.includes(command)]);
    }
  });

  it('stand in the palette once', () => {
    expect(palette.size).toBe(menus['commandPalette']?.length);
  });

  it('have titles of one style, each another', () => {
    const titles = commands.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    for (const title of titles) {
      // No full stop, no three dots in place of the ellipsis, no name that the category says already.
      expect(title).toMatch(/^[A-Z][^.]*$/);
      expect(title).not.toContain('TTT');
      for (const word of title.split(/[ /-]/)) {
        if (/^(a|an|and|as|at|by|for|from|in|is|of|on|or|the|to|with|evaluate)$/.test(word)) continue;
        expect([title, word]).toEqual([title, expect.stringMatching(/^[A-Z]/)]);
      }
    }
  });

  it('have an icon wherever a menu shows nothing else', () => {
    const icons = new Map(commands.map(({ command, icon }) => [command, icon]));
    for (const [menu, items] of Object.entries(menus)) {
      for (const { command, group = '' } of items) {
        if (!/^(inline|navigation)/.test(group) || !/title|item/.test(menu)) continue;
        expect([command, icons.get(command)]).toEqual([command, expect.stringMatching(/^\$\([\w-]+\)$/)]);
      }
    }
  });

  it('that run programs wait for a trusted workspace', () => {
    const enablement = new Map(commands.map(({ command, enablement }) => [command, enablement]));
    for (const name of running) {
      expect([name, enablement.get(commandIds[name])]).toEqual([name, 'isWorkspaceTrusted']);
    }
  });

  it('are registered in one place, so that all of them have words for errors', () => {
    const places = sourceFiles('src/extension').filter((path) =>
      readFileSync(path, 'utf8').includes('registerCommand('),
    );
    expect(places).toEqual([join('src', 'extension', 'commands.ts')]);
  });
});

describe('the views', () => {
  it('teach where they are empty', () => {
    const taught = new Set(contributes.viewsWelcome.map(({ view }) => view));
    // This machine is always among the hosts, so their view is never empty.
    const views = Object.values(contributes.views)
      .flat()
      .filter(({ id }) => id !== 'tttDiscover.hosts');
    for (const { id } of views) expect([id, taught.has(id)]).toEqual([id, true]);
  });
});
