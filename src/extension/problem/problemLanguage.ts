import { Disposable, languages, workspace } from 'vscode';
import { ProblemLenses, type LensNeeds } from './codeLens';
import { ProblemDiagnostics } from './diagnostics';
import { problemLinks } from './documentLinks';
import { problemFixes, providedFixes } from './fixes/fixProvider';
import { keyCompletion, keyHover } from './keyHelp';
import { problemFiles, problemTexts } from './problemDocuments';
import { promptScheme } from './prompt/promptAddress';
import { PromptDocuments, type PromptNeeds } from './prompt/promptDocuments';
import { followRenames } from './renames/followRenames';

/** Diagnostics and what mends them, lenses, links, completion, hover and prompts for `*.discover` files. */
export function registerProblemLanguage(needs: LensNeeds & PromptNeeds): Disposable {
  const diagnostics = new ProblemDiagnostics();
  const lenses = new ProblemLenses(diagnostics, needs);
  const prompts = new PromptDocuments(needs);
  const files = [...problemFiles];
  const texts = [...problemTexts];
  return Disposable.from(
    languages.registerCodeLensProvider(files, lenses),
    languages.registerDocumentLinkProvider(files, problemLinks),
    languages.registerCodeLensProvider({ scheme: promptScheme }, prompts),
    workspace.registerTextDocumentContentProvider(promptScheme, prompts),
    languages.registerCompletionItemProvider(texts, keyCompletion(needs), ' ', '{', ',', '/'),
    languages.registerHoverProvider(texts, keyHover),
    languages.registerCodeActionsProvider(texts, problemFixes, providedFixes),
    followRenames(needs.log),
    prompts,
    lenses,
    diagnostics,
  );
}
