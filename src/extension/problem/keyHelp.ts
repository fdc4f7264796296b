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
import { knownValues, type KnownValuesNeeds } from './completion/knownValues';
import { valueSuggestionsAt } from './completion/valueSuggestions';
import { hoverAt, suggestionsAt, type Suggestion } from './keyText';
import { parsedOf } from './problemDocuments';
import { t } from '../base/translate';

const itemKinds = {
  key: CompletionItemKind.Property,
  value: CompletionItemKind.Value,
  file: CompletionItemKind.File,
  folder: CompletionItemKind.Folder,
};

/** Keys, and values: choices of the table, and what this window knows. */
export function keyCompletion(needs: KnownValuesNeeds): CompletionItemProvider {
  return {
    async provideCompletionItems(document, position) {
      const text = document.getText();
      const parsed = parsedOf(document);
      const known = await valueSuggestionsAt(text, parsed, position, knownValues(document.uri, needs));
      const fixed = suggestionsAt(text, parsed, position);
      // An example is for those who have nothing better.
      const useful = known.length === 0 ? fixed : fixed.filter(({ isExample }) => isExample !== true);
      // In the order of the table: what is required comes first.
      return [...known, ...useful].map((suggestion, index) => itemOf(suggestion, index));
    },
  };
}

function itemOf(suggestion: Suggestion, index: number): CompletionItem {
  const item = new CompletionItem(suggestion.label, itemKinds[suggestion.kind]);
  item.detail = suggestion.detail;
  item.documentation = new MarkdownString(suggestion.documentation);
  item.insertText = new SnippetString(suggestion.snippet);
  item.range = toEditorRange(suggestion.replace);
  item.sortText = String(index).padStart(3, '0');
  if (suggestion.kind === 'folder' && suggestion.label.endsWith('/')) {
    item.command = { title: t('Suggest'), command: 'editor.action.triggerSuggest' };
  }
  return item;
}

export const keyHover: HoverProvider = {
  provideHover(document, position) {
    const found = hoverAt(parsedOf(document), position);
    return found && new Hover(new MarkdownString(found.markdown), toEditorRange(found.range));
  },
};
