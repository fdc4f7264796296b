import { Scalar, visit, type Document, type YAMLError } from 'yaml';

/** The YAML reader's error in words for someone who does not know YAML's own terms, with what to do. */
export function explainYamlError(error: YAMLError): string {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'A tab cannot indent here: use spaces.';
    case 'BAD_SCALAR_START':
      return 'A value cannot begin with this character: put quotes around the value.';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'A value with ": " in it needs quotes around it; a further key needs a line of its own.';
    case 'UNEXPECTED_TOKEN':
      return error.message.startsWith('Block scalar header')
        ? 'A value that begins with > or | needs quotes, for example ">=3.11".'
        : `${error.message}. Put quotes around the value, or correct the punctuation here.`;
    case 'BAD_INDENT':
      return /must be sufficiently indented and end with/.test(error.message)
        ? `A bracket that was opened above is not closed: add ${error.message.slice(-1)} before this line.`
        : 'This line is not indented as the lines around it: use the same number of spaces.';
    case 'MISSING_CHAR':
      if (error.message.includes('quote')) return 'The quotes are not closed: add the closing quote.';
      if (error.message.includes('Implicit map keys'))
        return 'A key needs a colon and a value: write "key: value".';
      return `${error.message}.`;
    case 'MULTILINE_IMPLICIT_KEY':
      return 'A key must stand on one line, followed by a colon and a value.';
    case 'MULTIPLE_DOCS':
      return 'The front matter holds one group of keys: remove the line "...".';
    case 'TAG_RESOLVE_FAILED':
      return `${error.message}. Problem files use no tags: put quotes around the value, or remove the word after "!".`;
    case 'BAD_ALIAS':
    case 'ALIAS_PROPS':
      return 'A value cannot begin with * or &: put quotes around it.';
    default:
      return `${error.message.replace(/\.$/, '')}.`;
  }
}

/**
 * Where to show an error, as offsets in the YAML: on one line, and for quotes that are never closed where they open
 * rather than where the text ran out.
 */
export function placeOfYamlError(
  yaml: string,
  document: Document.Parsed,
  error: YAMLError,
): [number, number] {
  let [from, to] = error.pos;
  if (error.code === 'MISSING_CHAR' && error.message.includes('quote')) {
    visit(document, {
      Scalar(_, node) {
        const isQuoted = node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE;
        if (isQuoted && node.range?.[1] === error.pos[0]) from = node.range[0];
      },
    });
  }
  from = Math.min(from, yaml.length);
  const lineEnd = yaml.slice(from).search(/[\r\n]/);
  const lineTo = lineEnd < 0 ? yaml.length : from + lineEnd;
  if (error.code === 'BLOCK_AS_IMPLICIT_KEY') to = lineTo;
  return [from, Math.min(Math.max(to, from), Math.max(lineTo, from))];
}
