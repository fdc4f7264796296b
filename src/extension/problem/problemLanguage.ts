import { Disposable, languages } from 'vscode';
import { ProblemLenses, type HostChoice } from './codeLens';
import { ProblemDiagnostics } from './diagnostics';
import { problemLinks } from './documentLinks';
import { problemFixes, providedFixes } from './fixes/fixProvider';
import { keyCompletion, keyHover } from './keyHelp';
import { problemFiles, problemTexts } from './problemDocuments';

/** Diagnostics, lenses, links, completion and hover for `*.discover` files. */
export function registerProblemLanguage(host: HostChoice): Disposable {
  const diagnostics = new ProblemDiagnostics();
  const lenses = new ProblemLenses(diagnostics, host);
  const files = [...problemFiles];
  const texts = [...problemTexts];
  return Disposable.from(
    languages.registerCodeLensProvider(files, lenses),
    languages.registerDocumentLinkProvider(files, problemLinks),
    languages.registerCompletionItemProvider(texts, keyCompletion, ' ', '{', ','),
    languages.registerHoverProvider(texts, keyHover),
    languages.registerCodeActionsProvider(texts, problemFixes, providedFixes),
    lenses,
    diagnostics,
  );
}
