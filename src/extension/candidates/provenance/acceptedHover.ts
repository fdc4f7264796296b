import {
  languages,
  MarkdownString,
  Range,
  Hover,
  type Disposable,
  type HoverProvider,
  type TextDocument,
  type Position,
} from 'vscode';
import { userSchemes, type AcceptedText, type StandingRecord } from './acceptedText';
import { provenanceText } from './provenanceWords';
import { acceptedRuns } from './standing';

/** Which candidate lines came from, over lines that were accepted and not changed since. */
class AcceptedHover implements HoverProvider {
  constructor(
    private readonly texts: AcceptedText,
    private readonly warn: (message: string, error: unknown) => void,
  ) {}

  async provideHover(document: TextDocument, position: Position): Promise<Hover | undefined> {
    const standings = await this.read(document);
    const runs = acceptedRuns(standings.map((one) => one.standing));
    const run = runs.find(({ start, end }) => start <= position.line && position.line < end);
    const own = standings.find(({ record }) => record === run?.record);
    if (run === undefined || own === undefined) return undefined;
    // Not `appendText`, whose blanks do not wrap. With a backslash before it, a mark has no meaning to Markdown.
    const words = provenanceText(own.record, own.standing);
    const text = new MarkdownString(words.replace(/[!-/:-@[-`{-~]/g, '\\$&'));
    const last = document.lineAt(Math.min(run.end, document.lineCount) - 1);
    return new Hover(text, new Range(run.start, 0, last.lineNumber, last.text.length));
  }

  /** A record that cannot be read is told when something is to be added to it: a hover only has nothing to say. */
  private async read(document: TextDocument): Promise<readonly StandingRecord[]> {
    try {
      return await this.texts.of(document);
    } catch (error) {
      this.warn('The record of accepted candidates', error);
      return [];
    }
  }
}

export function registerAcceptedHover(
  texts: AcceptedText,
  warn: (message: string, error: unknown) => void,
): Disposable {
  return languages.registerHoverProvider(
    userSchemes.map((scheme) => ({ scheme })),
    new AcceptedHover(texts, warn),
  );
}
