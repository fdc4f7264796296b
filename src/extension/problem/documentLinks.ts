import { DocumentLink, type DocumentLinkProvider, type TextDocument } from 'vscode';
import { toEditorRange } from './editorRanges';
import { namedUri } from './namedFiles';
import { parsedOf } from './problemDocuments';
import { t } from '../base/translate';

/** Makes the candidate and the evaluator's scripts open with a click. */
export const problemLinks: DocumentLinkProvider = {
  provideDocumentLinks(document: TextDocument): DocumentLink[] {
    const { candidate, scripts } = parsedOf(document).places;
    return [...(candidate === undefined ? [] : [candidate]), ...scripts].map(({ path, range }) => {
      const link = new DocumentLink(toEditorRange(range), namedUri(document.uri, path));
      link.tooltip = t('Open {0}', path);
      return link;
    });
  },
};
