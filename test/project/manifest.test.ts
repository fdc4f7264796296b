import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { commandIds } from '../../src/extension/commandIds';
import { contextKeyDefaults } from '../../src/extension/base/contextKeyDefaults';
import { readSettings, settingKeys } from '../../src/extension/base/settings';
import { candidateScheme } from '../../src/extension/candidates/documents/candidateUri';
import { manifestInWords } from './manifestText';

const menuItem = z.object({ command: z.string(), when: z.string().optional(), group: z.string().optional() });
const keybinding = z.object({ command: z.string(), key: z.string(), mac: z.string(), when: z.string() });
const view = z.object({ id: z.string(), name: z.string(), icon: z.string() });
const manifestSchema = z.object({
  publisher: z.string(),
  name: z.string(),
  icon: z.string(),
  main: z.string(),
  enabledApiProposals: z.array(z.string()).optional(),
  activationEvents: z.array(z.string()),
  extensionKind: z.array(z.string()),
  capabilities: z.object({
    untrustedWorkspaces: z.object({ supported: z.string(), restrictedConfigurations: z.array(z.string()) }),
  }),
  contributes: z.object({
    commands: z.array(
      z.object({
        command: z.string(),
        title: z.string(),
        category: z.string(),
        icon: z.string().optional(),
        enablement: z.string().optional(),
      }),
    ),
    menus: z.record(z.string(), z.array(menuItem)),
    keybindings: z.array(keybinding),
    viewsContainers: z.object({ activitybar: z.array(z.object({ id: z.string(), icon: z.string() })) }),
    views: z.record(z.string(), z.array(view)),
    viewsWelcome: z.array(z.object({ view: z.string(), contents: z.string(), when: z.string().optional() })),
    configuration: z.object({
      properties: z.record(
        z.string(),
        z.object({
          default: z.unknown(),
          scope: z.string(),
          type: z.union([z.string(), z.array(z.string())]),
          markdownDescription: z.string().min(20),
        }),
      ),
    }),
    languages: z.array(z.object({ id: z.string(), filenamePatterns: z.array(z.string()).optional() })),
    grammars: z.array(z.object({ language: z.string().optional(), scopeName: z.string(), path: z.string() })),
    configurationDefaults: z.record(z.string(), z.record(z.string(), z.unknown())),
    walkthroughs: z.array(
      z.object({
        id: z.string(),
        steps: z.array(
          z.object({
            id: z.string(),
            description: z.string(),
            media: z.object({
              svg: z.string().optional(),
              markdown: z.string().optional(),
              altText: z.string().optional(),
            }),
            completionEvents: z.array(z.string()),
          }),
        ),
      }),
    ),
  }),
});

const manifest = manifestSchema.parse(manifestInWords());
const { contributes } = manifest;
const declared = contributes.commands.map((command) => command.command);
const whenClauses = [
  ...Object.values(contributes.menus).flatMap((items) => items.map((item) => item.when ?? '')),
  ...contributes.keybindings.map((binding) => binding.when),
  ...contributes.viewsWelcome.map((welcome) => welcome.when ?? ''),
  ...contributes.commands.map((command) => command.enablement ?? ''),
];

/** Menus that the Marketplace build of the editor knows without a proposed API. */
const stableMenus = [
  'commandPalette',
  'editor/context',
  'editor/lineNumber/context',
  'editor/title',
  'editor/title/context',
  'explorer/context',
  'view/item/context',
  'view/title',
  'webview/context',
];

describe('the manifest', () => {
  it('declares exactly the commands that are registered', () => {
    expect([...declared].sort()).toEqual(Object.values(commandIds).sort());
  });

  it('gives every command the category and no command twice', () => {
    expect(new Set(declared).size).toBe(declared.length);
    expect(new Set(contributes.commands.map((command) => command.category))).toEqual(
      new Set(['TTT-Discover']),
    );
  });

  it('asks for no proposed API and uses stable menus only', () => {
    expect(manifest.enabledApiProposals).toBeUndefined();
    for (const id of Object.keys(contributes.menus)) expect(stableMenus).toContain(id);
  });

  it('puts only declared commands into menus', () => {
    for (const item of Object.values(contributes.menus).flat()) expect(declared).toContain(item.command);
  });

  it('binds keys only in documents that cannot be typed in', () => {
    for (const { command, when } of contributes.keybindings) {
      expect(declared).toContain(command);
      expect(when).toContain(`editorTextFocus && resourceScheme == ${candidateScheme}`);
    }
  });

  it('names in its when clauses only views, keys and schemes that exist', () => {
    const views = Object.values(contributes.views)
      .flat()
      .map((one) => one.id);
    for (const clause of whenClauses) {
      for (const [, id] of clause.matchAll(/\bview == (\S+)/g)) expect(views).toContain(id);
      for (const [, scheme] of clause.matchAll(/resourceScheme == (\S+)/g))
        expect(scheme).toBe(candidateScheme);
      for (const [key] of clause.matchAll(/(?<!== )\btttDiscover\.\w+/g)) {
        expect(Object.keys(contextKeyDefaults)).toContain(key);
      }
    }
  });

  it('uses every context key that is set', () => {
    for (const key of Object.keys(contextKeyDefaults)) {
      expect(whenClauses.some((clause) => clause.includes(key))).toBe(true);
    }
  });

  it('declares exactly the settings that are read, with honest defaults', () => {
    const properties = contributes.configuration.properties;
    expect(Object.keys(properties).sort()).toEqual(settingKeys.map((key) => `tttDiscover.${key}`).sort());
    const read = new Set<string>();
    const settings = readSettings((key) => {
      read.add(key);
      return properties[`tttDiscover.${key}`]?.default;
    });
    expect([...read].sort()).toEqual([...settingKeys].sort());
    expect(settings).toEqual({
      defaultHost: 'local',
      sshPath: 'ssh',
      sshTransport: 'auto',
      nodeDownload: 'editor',
      remoteRoot: '~/.ttt-discover',
      provenanceLenses: true,
      notifications: 'important',
    });
  });

  it('keeps settings that name programs, paths and hosts out of reach of a workspace, trusted or not', () => {
    const { properties } = contributes.configuration;
    const own = Object.keys(properties).filter((key) => !key.startsWith('tttDiscover.session.'));
    for (const key of own) expect([key, properties[key]?.scope]).toEqual([key, 'machine']);
    expect(manifest.capabilities.untrustedWorkspaces).toMatchObject({
      supported: 'limited',
      restrictedConfigurations: own,
    });
  });

  it('leaves to a workspace only numbers', () => {
    // A text could name a program, a path, a host or a command one day without anybody noticing its scope.
    for (const [key, { scope, type }] of Object.entries(contributes.configuration.properties)) {
      if (scope === 'machine') continue;
      for (const one of [type].flat())
        expect([key, one]).toEqual([key, expect.stringMatching(/^(number|integer|null)$/)]);
    }
  });

  it('has its hosts, keys and terminals on the machine of the user first', () => {
    expect(manifest.extensionKind).toEqual(['ui', 'workspace']);
  });

  it('links only to its own commands and to those of the editor', () => {
    const texts = [
      ...contributes.viewsWelcome.map((welcome) => welcome.contents),
      ...contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps.map((step) => step.description)),
    ];
    for (const text of texts) {
      for (const [, id] of text.matchAll(/\(command:([\w.]+)\)/g)) {
        expect([...declared, 'workbench.trust.manage']).toContain(id);
      }
    }
    for (const step of contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps)) {
      for (const event of step.completionEvents) {
        const [kind, id] = event.split(':');
        if (kind === 'onCommand') expect(declared).toContain(id);
        else if (kind === 'onContext') expect(Object.keys(contextKeyDefaults)).toContain(id);
        else expect(event).toBe('onLanguage:discover');
      }
    }
  });

  it('has a walkthrough of six steps, each with something to do, an end, and words for its picture', () => {
    const [steps, ...others] = contributes.walkthroughs.map((walkthrough) => walkthrough.steps);
    expect([steps?.length, others]).toEqual([6, []]);
    for (const { id, description, media, completionEvents } of steps ?? []) {
      expect([id, /\(command:[\w.]+\)/.test(description), completionEvents.length > 0]).toEqual([
        id,
        true,
        true,
      ]);
      expect([id, media.markdown !== undefined || (media.altText ?? '').length > 40]).toEqual([id, true]);
    }
  });

  it('points to files that are there', () => {
    const files = [
      manifest.icon,
      ...contributes.viewsContainers.activitybar.map((container) => container.icon),
      ...Object.values(contributes.views).flatMap((views) => views.map((one) => one.icon)),
      ...contributes.grammars.map((grammar) => grammar.path),
      ...contributes.walkthroughs.flatMap((walkthrough) =>
        walkthrough.steps.flatMap((step) => [step.media.svg ?? step.media.markdown ?? 'nothing']),
      ),
    ];
    for (const file of files) expect([file, existsSync(file)]).toEqual([file, true]);
  });

  it('shows every candidate language inline with CodeLens, and no other language', () => {
    const candidates = contributes.languages
      .map((language) => language.id)
      .filter((id) => id.startsWith('discover-candidate-'));
    expect(candidates.length).toBeGreaterThanOrEqual(8);
    const inline = Object.entries(contributes.configurationDefaults)
      .filter(([, defaults]) => 'diffEditor.renderSideBySide' in defaults)
      .map(([scope]) => scope);
    expect(inline.sort()).toEqual(candidates.map((id) => `[${id}]`).sort());
    for (const scope of inline) {
      expect(contributes.configurationDefaults[scope]).toMatchObject({
        'diffEditor.renderSideBySide': false,
        'diffEditor.codeLens': true,
      });
    }
  });

  it('wakes up for documents of candidates and for restored dashboards', () => {
    expect(manifest.activationEvents).toContain(`onFileSystem:${candidateScheme}`);
    expect(manifest.activationEvents).toContain('onWebviewPanel:tttDiscover.dashboard');
  });
});
