import { parseDocument, type Document } from 'yaml';
import { Lines } from '../text/lines';
import type { ProblemDiagnostic, ProblemPlaces } from './diagnostic';
import { splitFrontMatter, type Span } from './frontMatter';
import type { Problem } from './problem';
import { readProblem } from './readProblem';
import { explainYamlError, placeOfYamlError } from './yamlErrors';
import { YamlFields } from './yamlFields';

export interface ParsedProblem {
  /** Present if and only if no diagnostic is an error. */
  readonly problem?: Problem;
  /** In the order of the file. */
  readonly diagnostics: readonly ProblemDiagnostic[];
  readonly places: ProblemPlaces;
}

/** Reads the text of a `*.discover` file. Never throws; every range lies inside the text. */
export function parseProblem(text: string): ParsedProblem {
  const lines = new Lines(text);
  const parts = splitFrontMatter(text);
  if (!parts.ok) {
    const message =
      parts.code === 'front-matter-unclosed'
        ? 'The keys that begin here have no end: add a line with --- alone after the last key.'
        : 'A problem file begins with a line --- followed by its keys and another line ---: put them at the very top.';
    const range = lines.range(parts.at.from, parts.at.to);
    return {
      diagnostics: [{ range, severity: 'error', code: parts.code, message }],
      places: { keys: new Map(), scripts: [] },
    };
  }
  const fields = new YamlFields(lines, parts.yaml.from);
  const yaml = text.slice(parts.yaml.from, parts.yaml.to);
  const document = readYaml(yaml);
  const statement = text.slice(parts.body.from, parts.body.to).replace(/\r\n?/g, '\n').trim();
  const draft =
    document instanceof Error
      ? undefined
      : readProblem(fields, document, parts.opening, parts.yaml, statement);
  const syntaxErrors =
    document instanceof Error
      ? [syntaxError(lines, parts.yaml, document)]
      : yamlDiagnostics(document, lines, parts.yaml);
  // A file with broken YAML is read as far as it goes for its places; what its ruins seem to say is not reported.
  const diagnostics = syntaxErrors.length > 0 ? syntaxErrors : inOrder(fields.diagnostics);
  const problem = diagnostics.some((diagnostic) => diagnostic.severity === 'error') ? undefined : draft;
  return {
    ...(problem !== undefined && { problem }),
    diagnostics,
    places: {
      frontMatter: lines.range(parts.yaml.from, parts.yaml.to),
      body: lines.range(parts.body.from, parts.body.to),
      keys: fields.places,
      ...(fields.candidate !== undefined && { candidate: fields.candidate }),
      ...(fields.folder !== undefined && { folder: fields.folder }),
      scripts: fields.scripts,
    },
  };
}

function readYaml(yaml: string): Document.Parsed | Error {
  try {
    return parseDocument(yaml, { prettyErrors: false, uniqueKeys: false, logLevel: 'silent' });
  } catch (error) {
    // The YAML reader collects what is wrong; it only throws where nesting exhausts the stack.
    return error instanceof Error ? error : new Error(String(error));
  }
}

function syntaxError(lines: Lines, yaml: Span, error: Error): ProblemDiagnostic {
  const message = `The front matter cannot be read (${error.message}): write it more simply.`;
  return { range: lines.range(yaml.from, yaml.to), severity: 'error', code: 'yaml-syntax', message };
}

function yamlDiagnostics(document: Document.Parsed, lines: Lines, yaml: Span): ProblemDiagnostic[] {
  const source = lines.text.slice(yaml.from, yaml.to);
  const byPlace = new Map<string, ProblemDiagnostic>();
  for (const error of [...document.errors, ...document.warnings]) {
    const [from, to] = placeOfYamlError(source, document, error);
    // One mistake often breaks several rules of YAML at the same place; the first is the one to read.
    if (byPlace.has(`${from}-${to}`)) continue;
    byPlace.set(`${from}-${to}`, {
      range: lines.range(yaml.from + from, yaml.from + to),
      severity: 'error',
      code: 'yaml-syntax',
      message: explainYamlError(error),
    });
  }
  return [...byPlace.values()];
}

function inOrder(diagnostics: readonly ProblemDiagnostic[]): readonly ProblemDiagnostic[] {
  return diagnostics.toSorted((a, b) => {
    return a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character;
  });
}
