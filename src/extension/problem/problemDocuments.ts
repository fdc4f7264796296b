import { workspace, type DocumentFilter, type TextDocument, type Uri } from 'vscode';
import { parseProblem, type ParsedProblem } from '../../domain/problem/parseProblem';

export const problemLanguageId = 'discover';

/** Problem files that lie in a folder; not old versions, not the two sides of a comparison. */
export const problemFiles: readonly DocumentFilter[] = [
  { language: problemLanguageId, scheme: 'file' },
  { language: problemLanguageId, scheme: 'vscode-remote' },
];

/** Also those that were never saved. */
export const problemTexts: readonly DocumentFilter[] = [
  ...problemFiles,
  { language: problemLanguageId, scheme: 'untitled' },
];

const parsedVersions = new WeakMap<
  TextDocument,
  { readonly version: number; readonly parsed: ParsedProblem }
>();

/** The document's problem; parsed once a version, however many features ask. */
export function parsedOf(document: TextDocument): ParsedProblem {
  const known = parsedVersions.get(document);
  if (known?.version === document.version) return known.parsed;
  const parsed = parseProblem(document.getText());
  parsedVersions.set(document, { version: document.version, parsed });
  return parsed;
}

/** The problem of a file as the editor has it, saved or not, else as it is on disk. */
export async function parsedProblemAt(uri: Uri): Promise<ParsedProblem> {
  const open = openDocument(uri);
  return open === undefined ? parseProblem(await textAt(uri)) : parsedOf(open);
}

/** The text in the editor, saved or not, else the file's. */
export async function textAt(uri: Uri): Promise<string> {
  const open = openDocument(uri);
  return open === undefined ? Buffer.from(await workspace.fs.readFile(uri)).toString('utf8') : open.getText();
}

function openDocument(uri: Uri): TextDocument | undefined {
  return workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
}
