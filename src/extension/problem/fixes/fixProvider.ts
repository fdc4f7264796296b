import {
  CodeAction,
  CodeActionKind,
  RelativePattern,
  Uri,
  WorkspaceEdit,
  workspace,
  type CodeActionProvider,
  type Diagnostic,
  type TextDocument,
} from 'vscode';
import type { ProblemDiagnostic } from '../../../domain/problem/diagnostic';
import { toEditorRange } from '../editorRanges';
import { namedUri } from '../namedFiles';
import { parsedOf } from '../problemDocuments';
import { fileNamedAt, meantFiles, newFileText, type NamedFile } from './missingFiles';
import { fixesFor } from './quickFixes';
import { t } from '../../base/translate';

/** Files that are looked at to guess which one is meant. */
const mostFiles = 200;

/** What may mend the mistakes of a problem file: other texts, new files. */
export const problemFixes: CodeActionProvider = {
  async provideCodeActions(document, _range, { diagnostics }) {
    const parsed = parsedOf(document);
    const ours = diagnostics.filter(({ source }) => source === 'TTT-Discover');
    const known = new Set<string>();
    const actions = ours.flatMap((shown) => {
      const diagnostic = parsed.diagnostics.find((one) => isShownAs(one, shown));
      return diagnostic === undefined ? [] : textActions(document, diagnostic, shown);
    });
    const ofFiles = await Promise.all(ours.map((shown) => fileActions(document, shown)));
    return [...actions, ...ofFiles.flat()].filter(({ title }) => {
      // Several mistakes at one place have the same cures.
      const isNew = !known.has(title);
      known.add(title);
      return isNew;
    });
  },
};

export const providedFixes = { providedCodeActionKinds: [CodeActionKind.QuickFix] };

function isShownAs(diagnostic: ProblemDiagnostic, shown: Diagnostic): boolean {
  return (
    diagnostic.code === shown.code &&
    diagnostic.message === shown.message &&
    toEditorRange(diagnostic.range).isEqual(shown.range)
  );
}

function textActions(document: TextDocument, diagnostic: ProblemDiagnostic, shown: Diagnostic): CodeAction[] {
  const actions = fixesFor(diagnostic, document.getText(), parsedOf(document)).map(
    ({ title, edits, isPreferred }) => {
      const edit = new WorkspaceEdit();
      for (const { range, newText } of edits) edit.replace(document.uri, toEditorRange(range), newText);
      return quickFix(title, shown, { edit, isPreferred });
    },
  );
  if (diagnostic.code !== 'secret-in-file') return actions;
  const setKey = quickFix(t('Set Model Server Key…'), shown, {});
  setKey.command = { title: t('Set Model Server Key…'), command: 'tttDiscover.setModelServerKey' };
  return [...actions, setKey];
}

function quickFix(
  title: string,
  mends: Diagnostic,
  { edit, isPreferred = false }: { readonly edit?: WorkspaceEdit; readonly isPreferred?: boolean },
): CodeAction {
  const action = new CodeAction(title, CodeActionKind.QuickFix);
  action.diagnostics = [mends];
  action.isPreferred = isPreferred;
  if (edit !== undefined) action.edit = edit;
  return action;
}

async function fileActions(document: TextDocument, shown: Diagnostic): Promise<CodeAction[]> {
  if (shown.code !== 'missing-file' || document.isUntitled) return [];
  const { start, end } = shown.range;
  const named = fileNamedAt(parsedOf(document), { start, end });
  if (named === undefined) return [];
  return [creation(document, named, shown), ...(await otherFiles(document, named, shown))];
}

function creation(document: TextDocument, named: NamedFile, shown: Diagnostic): CodeAction {
  const edit = new WorkspaceEdit();
  const contents = Buffer.from(newFileText(named, parsedOf(document)), 'utf8');
  edit.createFile(namedUri(document.uri, named.path), { contents, overwrite: false });
  return quickFix(t('Create {0}', named.path), shown, { edit, isPreferred: true });
}

async function otherFiles(
  document: TextDocument,
  named: NamedFile,
  shown: Diagnostic,
): Promise<CodeAction[]> {
  const folder = Uri.joinPath(document.uri, '..');
  const pattern = new RelativePattern(folder, '**/*.*');
  const found = await workspace.findFiles(pattern, '**/{node_modules,.venv,.git}/**', mostFiles);
  const prefix = folder.path.endsWith('/') ? folder.path : `${folder.path}/`;
  const paths = found.flatMap(({ path }) => (path.startsWith(prefix) ? [path.slice(prefix.length)] : []));
  return meantFiles(named.path, paths).map((path) => {
    const edit = new WorkspaceEdit();
    edit.replace(document.uri, toEditorRange(named.range), path);
    return quickFix(t('Change to {0}', path), shown, { edit });
  });
}
