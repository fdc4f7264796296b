import { isScalar } from 'yaml';
import { closest } from '../text/closest';
import { normalPath } from './hostPlaces';
import { parseBytes, parseTimeMs } from './quantities';
import { inWords, scalarText, type Field, type YamlFields } from './yamlFields';

/** A field's text, trimmed; a number or a word such as `true` counts as it is written. */
export function textOf(
  fields: YamlFields,
  field: Field | undefined,
  must = 'must be text',
): string | undefined {
  if (field === undefined) return undefined;
  if (!isScalar(field.node) || field.node.value === null) {
    fields.wrongType(field, must);
    return undefined;
  }
  const text = scalarText(field.node.value, field.node.source).trim();
  if (text === '') {
    fields.error(
      field.value,
      'missing-value',
      `${inWords(field.path)} is empty: write ${field.spec.name}: ${field.spec.example}.`,
    );
    return undefined;
  }
  if (text.includes('\0')) {
    fields.error(field.value, 'wrong-type', `${inWords(field.path)} contains a NUL character: remove it.`);
    return undefined;
  }
  return text;
}

export function numberOf(fields: YamlFields, field: Field | undefined): number | undefined {
  if (field === undefined) return undefined;
  const { spec, node, path } = field;
  if (spec.value.kind !== 'number') throw new Error(`${path} is not a number key`);
  const { integer, min = -Infinity, max = Infinity } = spec.value;
  if (!isScalar(node) || typeof node.value !== 'number') {
    const quoted =
      isScalar(node) && typeof node.value === 'string' && /^[-+]?[\d.]+([eE][-+]?\d+)?$/.test(node.value);
    if (quoted) {
      fields.error(field.value, 'wrong-type', `${inWords(path)} must be a number: remove the quotes.`);
      return undefined;
    }
    fields.wrongType(field, integer ? 'must be a whole number' : 'must be a number');
    return undefined;
  }
  const value = node.value;
  if (!Number.isFinite(value)) {
    fields.error(
      field.value,
      'out-of-range',
      `${inWords(path)} must be a finite number: write ${spec.name}: ${spec.example}.`,
    );
    return undefined;
  }
  if (integer && !Number.isInteger(value)) {
    fields.error(
      field.value,
      'out-of-range',
      `${inWords(path)} must be a whole number: write ${Math.max(min, Math.round(value))}.`,
    );
    return undefined;
  }
  if (value < min) {
    const why =
      spec.name === 'groupSize' ? ', because each candidate is judged against the others of its group' : '';
    fields.error(
      field.value,
      'out-of-range',
      `${inWords(path)} must be at least ${min}${why}: write ${min} or more.`,
    );
    return undefined;
  }
  if (value > max) {
    fields.error(
      field.value,
      'out-of-range',
      `${inWords(path)} must be at most ${max}: write ${max} or less.`,
    );
    return undefined;
  }
  return value;
}

/** Milliseconds. */
export function timeOf(fields: YamlFields, field: Field | undefined): number | undefined {
  if (field === undefined) return undefined;
  const { value } = field.spec;
  if (value.kind !== 'time') throw new Error(`${field.path} is not a time key`);
  return quantityOf(fields, field, parseTimeMs, value.minMs, value.maxMs, value.rangeText);
}

export function bytesOf(fields: YamlFields, field: Field | undefined): number | undefined {
  if (field === undefined) return undefined;
  const { value } = field.spec;
  if (value.kind !== 'bytes') throw new Error(`${field.path} is not a size key`);
  return quantityOf(fields, field, parseBytes, value.minBytes, value.maxBytes, value.rangeText);
}

function quantityOf(
  fields: YamlFields,
  field: Field,
  parse: typeof parseTimeMs,
  min: number,
  max: number,
  rangeText: string,
): number | undefined {
  const text = textOf(fields, field, 'must be an amount with a unit');
  if (text === undefined) return undefined;
  const parsed = parse(text);
  if (!parsed.ok) {
    fields.error(field.value, parsed.code, parsed.message);
    return undefined;
  }
  if (parsed.amount < min || parsed.amount > max) {
    fields.error(
      field.value,
      'out-of-range',
      `${inWords(field.path)} must be ${rangeText}: write ${field.spec.name}: ${field.spec.example}.`,
    );
    return undefined;
  }
  return parsed.amount;
}

export function choiceOf<const Choice extends string>(
  fields: YamlFields,
  field: Field | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  const text = textOf(fields, field);
  if (field === undefined || text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  const meant = closest(text, choices);
  const advice =
    meant === undefined
      ? `Write ${choices.join(', ').replace(/, (?=[^,]*$)/, ' or ')}.`
      : `Did you mean "${meant}"?`;
  fields.error(field.value, 'bad-choice', `${inWords(field.path)} cannot be "${text}". ${advice}`);
  return undefined;
}

/** A path inside the problem's folder, with forward slashes and without `.` segments. */
export function pathOf(fields: YamlFields, field: Field | undefined): string | undefined {
  const text = textOf(fields, field);
  if (field === undefined || text === undefined) return undefined;
  const complaint = pathComplaint(text);
  if (complaint !== undefined) {
    fields.error(field.value, 'bad-path', `${inWords(field.path)} ${complaint}`);
    return undefined;
  }
  return text
    .split('/')
    .filter((segment) => segment !== '.')
    .join('/');
}

/** A path anywhere on the user's machine, relative to the problem file or absolute, with forward slashes; normal. */
export function anyPathOf(
  fields: YamlFields,
  field: Field | undefined,
  what: 'program' | 'folder',
): string | undefined {
  const text = textOf(fields, field);
  if (field === undefined || text === undefined) return undefined;
  const complaint = anyPathComplaint(text, what);
  if (complaint !== undefined) {
    fields.error(field.value, 'bad-path', `${inWords(field.path)} ${complaint}`);
    return undefined;
  }
  return normalPath(text) === '' ? '.' : normalPath(text);
}

function anyPathComplaint(path: string, what: 'program' | 'folder'): string | undefined {
  if (path.includes('\\')) return slashes;
  if (path.startsWith('~')) return 'cannot begin with ~: write the whole path.';
  if (what === 'program' && /(^|\/)\.{0,2}\/?$/.test(path))
    return 'names a folder: add the name of the program.';
  return undefined;
}

const slashes = 'must use forward slashes: write / instead of \\.';

function pathComplaint(path: string): string | undefined {
  if (path.includes('\\')) return slashes;
  if (path.startsWith('/') || path.startsWith('~') || /^[A-Za-z]:/.test(path)) {
    return "must be relative to this file, because only this file's folder is copied to a host: remove the part up to the folder.";
  }
  const segments = path.split('/');
  if (segments.includes('..')) {
    return 'must not leave the folder of this file (".."), because only that folder is copied to a host: move the program in here.';
  }
  if (segments.at(-1) === '' || segments.at(-1) === '.')
    return 'names a folder: add the name of the program.';
  if (segments.includes('')) return 'has two slashes in a row: remove one.';
  return undefined;
}

export function urlOf(fields: YamlFields, field: Field | undefined): string | undefined {
  const text = textOf(fields, field);
  if (field === undefined || text === undefined) return undefined;
  if (/^https?:\/\/[^\s/?#@]+([/?#]\S*)?$/i.test(text)) return text;
  const guess = /^(www\.|[\w-]+\.\w{2,})\S*$/.test(text) ? text : 'example.org/paper';
  fields.error(
    field.value,
    'bad-url',
    `${inWords(field.path)} must be a web address without spaces: write "https://${guess}".`,
  );
  return undefined;
}

export function nameOf(fields: YamlFields, field: Field | undefined): string | undefined {
  const text = textOf(fields, field);
  if (field === undefined || text === undefined) return undefined;
  if (/^[A-Za-z_]\w*$/.test(text)) return text;
  const guess =
    text
      .replace(/\W+/g, '_')
      .replace(/^(?=\d)/, 'm')
      .replace(/^_+|_+$/g, '') || 'score';
  fields.error(
    field.value,
    'bad-name',
    `${inWords(field.path)} must be letters, digits and _, not beginning with a digit: write ${field.spec.name}: ${guess}.`,
  );
  return undefined;
}

export function pythonVersionOf(fields: YamlFields, field: Field | undefined): string | undefined {
  const text = textOf(fields, field);
  if (field === undefined || text === undefined) return undefined;
  const clause = /^(>=|<=|==|~=|!=|<|>)?\s*\d+(\.\d+){0,2}(\.\*)?$/;
  if (text.split(',').every((part) => clause.test(part.trim()))) return text;
  fields.error(
    field.value,
    'bad-python-version',
    `"${text}" is not a Python version: write ">=3.11" or "3.12".`,
  );
  return undefined;
}

/** Requirement strings in the order written. */
export function packagesOf(fields: YamlFields, field: Field | undefined): readonly string[] {
  const packages: string[] = [];
  for (const { node, at } of fields.itemsOf(field)) {
    if (!isScalar(node) || typeof node.value !== 'string') {
      fields.error(at, 'wrong-type', 'A package must be text: write [numpy, "scipy>=1.10"].');
      continue;
    }
    const requirement = node.value.trim();
    if (requirement.startsWith('-')) {
      fields.error(
        at,
        'bad-package',
        `"${requirement}" is an option of pip, not a package: write names only, such as numpy.`,
      );
    } else if (!isRequirement(requirement)) {
      fields.error(
        at,
        'bad-package',
        `"${requirement}" is not a package: write a name with an optional version, such as "numpy>=1.26".`,
      );
    } else packages.push(requirement);
  }
  return packages;
}

/** Names as after `import`, in the order written. */
export function modulesOf(fields: YamlFields, field: Field | undefined): readonly string[] {
  const modules: string[] = [];
  for (const { node, at } of fields.itemsOf(field)) {
    const name = isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
    if (name !== undefined && /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(name)) modules.push(name);
    else {
      fields.error(
        at,
        'bad-module',
        'A module must be its name as after `import`: write [numpy, scipy.optimize].',
      );
    }
  }
  return modules;
}

/** Name, extras, version clauses or a web address, environment marker: PEP 508 without its rarer corners. */
function isRequirement(text: string): boolean {
  // The bound keeps the pattern quick on texts that are nothing of the kind.
  if (text.length > 1000) return false;
  const version = String.raw`(===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+`;
  const pattern = new RegExp(
    String.raw`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\s*(\[[\w\s,.-]*\])?\s*(${version}(\s*,\s*${version})*|@\s*https?://\S+)?\s*(;[^\r\n]+)?$`,
  );
  return pattern.test(text);
}
