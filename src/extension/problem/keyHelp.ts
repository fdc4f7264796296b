import {
  CompletionItem,
  CompletionItemKind,
  Hover,
  MarkdownString,
  SnippetString,
  type CompletionItemProvider,
  type HoverProvider,
} from 'vscode';
import { toEditorRange } from './editorRanges';
import { hoverAt, suggestionsAt } from './keyText';
import { parsedOf } from './problemDocuments';

export const keyCompletion: CompletionItemProvider = {
  provideCompletionItems(document, position) {
    return suggestionsAt(document.getText(), parsedOf(document), position).map((suggestion, index) => {
      const kind = suggestion.kind === 'key' ? CompletionItemKind.Property : CompletionItemKind.Value;
      const item = new CompletionItem(suggestion.label, kind);
      item.detail = suggestion.detail;
      item.documentation = new MarkdownString(suggestion.documentation);
      item.insertText = new SnippetString(suggestion.snippet);
      item.range = toEditorRange(suggestion.replace);
      // In the order of the table: what is required comes first.
      item.sortText = String(index).padStart(3, '0');
      return item;
    });
  },
};

export const keyHover: HoverProvider = {
  provideHover(document, position) {
    const found = hoverAt(parsedOf(document), position);
    return found && new Hover(new MarkdownString(found.markdown), toEditorRange(found.range));
  },
};
