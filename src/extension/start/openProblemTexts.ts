import { workspace } from 'vscode';

/** Texts of unsaved editors by absolute path. */
export function unsavedTexts(): ReadonlyMap<string, string> {
  return new Map(
    workspace.textDocuments
      .filter((document) => document.isDirty && document.uri.scheme === 'file')
      .map((document) => [document.uri.fsPath, document.getText()]),
  );
}
