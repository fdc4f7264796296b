// Texts for people, collected from the code and from package.json, so that they can be translated.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import ts from 'typescript';

/**
 * A text, and what translators must know to tell it from others that are the same in English.
 *
 * @typedef {{ message: string, comment?: string }} Text
 */

/**
 * All texts of the extension and of its page.
 *
 * @param {string} root folder of the repository
 * @returns {Promise<{ texts: Text[], faults: string[] }>}
 */
export async function textsOfProduct(root) {
  const found = await Promise.all([
    textsOfCode(join(root, 'src/extension')),
    // The page has its language before all else, so texts may be said while its files are loaded.
    textsOfCode(join(root, 'webview'), { mayBeAtLoad: true }),
  ]);
  return { texts: found.flatMap(({ texts }) => texts), faults: found.flatMap(({ faults }) => faults) };
}

/**
 * All texts that `t(…)`, `plural(…)` and `l10n.t(…)` say below a folder.
 *
 * @param {string} folder
 * @param {{ mayBeAtLoad?: boolean }} [options]
 * @returns {Promise<{ texts: Text[], faults: string[] }>} `faults`: calls that cannot be translated, with their places
 */
export async function textsOfCode(folder, options = {}) {
  const texts = [];
  const faults = [];
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = entries
    // Those that hand texts on have none of their own.
    .filter(({ name }) => name.endsWith('.ts') && !handOn.includes(name))
    .map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    const source = await readFile(path, 'utf8');
    if (!speaks.test(source)) continue;
    const found = textsOfSource(source, relative(folder, path), options);
    texts.push(...found.texts);
    faults.push(...found.faults);
  }
  return { texts, faults };
}

const handOn = ['editorTranslations.ts', 'translate.ts', 'texts.ts'];
const speaks = /base\/translate'|'\.\/translate'|l10n|words\/texts'|'\.\/texts'/;

/**
 * @param {string} source TypeScript
 * @param {string} name of the file, for faults
 * @param {{ mayBeAtLoad?: boolean }} [options]
 * @returns {{ texts: Text[], faults: string[] }}
 */
export function textsOfSource(source, name, { mayBeAtLoad = false } = {}) {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const texts = [];
  const faults = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) && isTranslation(node.expression)) {
      const isPlural = node.expression.getText() === 'plural';
      const forms = isPlural ? node.arguments.slice(1, 3) : node.arguments.slice(0, 1);
      // The count is the first argument of both forms.
      const args = isPlural ? [node.arguments[0], ...node.arguments.slice(3)] : node.arguments.slice(1);
      const place = `${name}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
      if (!mayBeAtLoad && isAtLoad(node))
        faults.push(`${place}: said while the file is loaded, before the language is known`);
      const said = forms.map(textOf);
      if (said.length === 0 || said.includes(undefined)) faults.push(`${place}: the text is no literal`);
      for (const text of said.filter((one) => one !== undefined)) {
        texts.push(text);
        const places = new Set([...text.message.matchAll(/\{(\d+)\}/g)].map(([, index]) => Number(index)));
        const isSpread = args.some((argument) => ts.isSpreadElement(argument));
        const isWhole = isPlural || places.size === args.length;
        const fits = isWhole && [...places].every((index) => index < args.length);
        if (!isSpread && !fits) faults.push(`${place}: ${args.length} arguments for "${text.message}"`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { texts, faults };
}

/** Not inside of anything that runs later. */
function isAtLoad(node) {
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (ts.isFunctionLike(at)) return false;
    if (ts.isPropertyDeclaration(at)) {
      return at.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) === true;
    }
  }
  return true;
}

function isTranslation(expression) {
  if (ts.isIdentifier(expression)) return ['t', 'plural'].includes(expression.text);
  return (
    ts.isPropertyAccessExpression(expression) &&
    expression.name.text === 't' &&
    /(^|\.)l10n$/.test(expression.expression.getText())
  );
}

/** A literal, or `{ message, comment }` of literals. @returns {Text | undefined} */
function textOf(node) {
  if (!ts.isObjectLiteralExpression(node)) {
    const message = literalText(node);
    return message === undefined ? undefined : { message };
  }
  const parts = Object.fromEntries(
    node.properties.map((part) => [
      part.name?.getText(),
      ts.isPropertyAssignment(part) ? literalText(part.initializer) : undefined,
    ]),
  );
  const { message, comment } = parts;
  return message === undefined || comment === undefined ? undefined : { message, comment };
}

/** Also of literals that are joined with `+`, for long ones. */
function literalText(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [literalText(node.left), literalText(node.right)];
    return left === undefined || right === undefined ? undefined : left + right;
  }
  return undefined;
}

/** The bundle, as the editor reads it: each text is its own key, with `/` and its comment where it has one. @param {Text[]} texts */
export function bundleOf(texts) {
  const entries = texts.map(({ message, comment }) =>
    comment === undefined ? [message, message] : [`${message}/${comment}`, { message, comment: [comment] }],
  );
  return jsonText(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))));
}

const keyPattern = /^%(.+)%$/;

/**
 * Moves the texts of a manifest that stand in it into its `package.nls.json`, and drops from that what is not used.
 *
 * @param {unknown} manifest parsed package.json
 * @param {Record<string, string>} nls parsed package.nls.json
 * @returns {{ manifest: unknown, nls: Record<string, string>, moved: string[] }} new objects; `moved`: the new keys
 */
export function withTextsApart(manifest, nls) {
  const next = JSON.parse(JSON.stringify(manifest));
  const used = {};
  const moved = [];
  const places = placesOf(next);
  for (const { holder, name } of places) {
    const key = keyPattern.exec(holder[name])?.[1];
    if (key === undefined) continue;
    if (nls[key] === undefined) throw new Error(`package.nls.json lacks ${key}`);
    used[key] = nls[key];
  }
  for (const { holder, name, key } of places) {
    const text = holder[name];
    if (keyPattern.test(text)) continue;
    let own = key;
    for (let number = 2; used[own] !== undefined && used[own] !== text; number += 1) own = `${key}.${number}`;
    used[own] = text;
    holder[name] = `%${own}%`;
    moved.push(own);
  }
  return {
    manifest: next,
    nls: Object.fromEntries(Object.entries(used).sort(([a], [b]) => (a < b ? -1 : 1))),
    moved,
  };
}

/** The manifest as people read it. @param {unknown} manifest @param {Record<string, string>} nls */
export function resolved(manifest, nls) {
  const next = JSON.parse(JSON.stringify(manifest));
  for (const { holder, name } of placesOf(next)) {
    const key = keyPattern.exec(holder[name])?.[1];
    if (key !== undefined) holder[name] = nls[key] ?? holder[name];
  }
  return next;
}

/** Where a manifest has texts for people, each with a key for it. */
function placesOf(manifest) {
  const { contributes, capabilities } = manifest;
  const places = [];
  const add = (holder, name, key) => {
    if (typeof holder?.[name] === 'string') places.push({ holder, name, key });
  };
  const short = (id) => id.replace(/^tttDiscover[._]/, '');
  for (const command of contributes.commands ?? []) {
    add(command, 'category', 'category');
    add(command, 'title', `command.${short(command.command)}`);
  }
  for (const container of Object.values(contributes.viewsContainers ?? {}).flat()) {
    add(container, 'title', `container.${container.id}`);
  }
  for (const view of Object.values(contributes.views ?? {}).flat()) {
    add(view, 'name', `view.${short(view.id)}`);
    add(view, 'contextualTitle', 'category');
  }
  for (const welcome of contributes.viewsWelcome ?? [])
    add(welcome, 'contents', `welcome.${short(welcome.view)}`);
  for (const submenu of contributes.submenus ?? []) add(submenu, 'label', `submenu.${short(submenu.id)}`);
  for (const part of [contributes.configuration ?? []].flat()) {
    add(part, 'title', 'configuration');
    for (const [id, setting] of Object.entries(part.properties ?? {})) {
      for (const name of [
        'description',
        'markdownDescription',
        'deprecationMessage',
        'markdownDeprecationMessage',
      ]) {
        add(setting, name, `setting.${short(id)}`);
      }
      for (const name of ['enumDescriptions', 'markdownEnumDescriptions', 'enumItemLabels']) {
        for (const index of setting[name]?.keys() ?? []) {
          add(setting[name], index, `setting.${short(id)}.${String(setting.enum?.[index])}`);
        }
      }
    }
  }
  for (const walkthrough of contributes.walkthroughs ?? []) {
    const key = `walkthrough.${walkthrough.id}`;
    add(walkthrough, 'title', key);
    add(walkthrough, 'description', `${key}.description`);
    for (const step of walkthrough.steps) {
      add(step, 'title', `${key}.${step.id}`);
      add(step, 'description', `${key}.${step.id}.description`);
      add(step.media, 'altText', `${key}.${step.id}.picture`);
    }
  }
  for (const participant of contributes.chatParticipants ?? []) {
    add(participant, 'description', `chat.${participant.name}`);
    for (const command of participant.commands ?? []) {
      add(command, 'description', `chat.${participant.name}.${command.name}`);
    }
  }
  // What a model reads of a tool stays English; what people read of it does not.
  for (const tool of contributes.languageModelTools ?? []) {
    add(tool, 'displayName', `tool.${short(tool.name)}`);
    add(tool, 'userDescription', `tool.${short(tool.name)}.description`);
  }
  for (const editor of contributes.customEditors ?? [])
    add(editor, 'displayName', `editor.${editor.viewType}`);
  for (const [name, capability] of Object.entries(capabilities ?? {}))
    add(capability, 'description', `capability.${name}`);
  return places;
}

/** @param {unknown} value */
export function jsonText(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}
