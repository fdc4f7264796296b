import { isMap, YAMLMap, type Document } from 'yaml';
import {
  anyPathOf,
  bytesOf,
  choiceOf,
  nameOf,
  numberOf,
  modulesOf,
  packagesOf,
  pathOf,
  pythonVersionOf,
  textOf,
  timeOf,
  urlOf,
} from './fieldValues';
import { scriptsIn } from './commandScripts';
import type { Span } from './frontMatter';
import { environmentKeys, evaluatorKeys, limitKeys, metricKeys, problemKeys, referenceKeys } from './keys';
import {
  defaultLimits,
  foreignFormats,
  gpuModes,
  taskDevices,
  type Environment,
  type ForeignEvaluator,
  type Limits,
  type Metric,
  type Problem,
  type Reference,
} from './problem';
import { booleanOf } from './policyValues';
import { readChoice } from './readChoice';
import { doubtAbout } from './rewardChecks';
import { parseReward } from './rewardExpression';
import { readExecutor } from './readSlurm';
import type { Field, YamlFields } from './yamlFields';

/** The problem as far as it is there; undefined if a required part is missing, which is then reported. */
export function readProblem(
  fields: YamlFields,
  document: Document.Parsed,
  opening: Span,
  yaml: Span,
  statement: string,
): Problem | undefined {
  const contents = document.contents;
  if (contents !== null && !isMap(contents)) {
    const at = fields.spanOf(contents, yaml);
    fields.error(
      at,
      'wrong-type',
      'The front matter must be keys with values: write lines such as candidate: initial.py.',
    );
    return undefined;
  }
  const top = fields.section('', contents ?? new YAMLMap(), problemKeys, opening);
  const title = readTitle(fields, top.fields.get('title'), statement, opening);
  const evaluator = readEvaluator(fields, top.fields, opening);
  const candidate = readCandidate(
    fields,
    top.fields.get('candidate'),
    top.fields.has('evaluator') && !top.fields.has('evaluate'),
  );
  const metric = readMetric(fields, top.fields.get('metric'));
  const reward = readReward(fields, top.fields.get('reward'), metric);
  if (evaluator?.kind === 'command' && evaluator.stopEarly === true)
    checkRewardOfStopped(fields, top.fields.get('reward'), reward, metric);
  const environment = readEnvironment(fields, top.fields.get('environment'));
  const limits = readLimits(fields, top.fields.get('limits'));
  const executor = readExecutor(fields, top.fields.get('executor'), top.fields.get('slurm'));
  const references = readReferences(fields, top.fields.get('references'));
  const choice = readChoice(fields, top.fields.get('session'), top.fields.get('policy'));
  if (statement === '') {
    fields.report(
      opening,
      'warning',
      'empty-statement',
      'The problem has no statement: describe it in Markdown below the second ---. People and models read it.',
    );
  }
  if (title === undefined || candidate === undefined || evaluator === undefined || metric === undefined)
    return undefined;
  return {
    title,
    candidate,
    evaluator,
    metric,
    ...(reward !== undefined && { reward }),
    environment,
    limits,
    ...executor,
    references,
    ...choice,
    statement,
  };
}

function readTitle(
  fields: YamlFields,
  field: Field | undefined,
  statement: string,
  opening: Span,
): string | undefined {
  if (field !== undefined) return textOf(fields, field);
  const heading = firstHeading(statement);
  if (heading !== undefined) return heading;
  const message = 'The problem needs a name: add title: …, or a heading "# …" to the statement.';
  fields.error(opening, 'missing-key', message);
  return undefined;
}

/** The text of the first `#` heading outside fenced code. */
function firstHeading(statement: string): string | undefined {
  let fence: string | undefined;
  for (const line of statement.split('\n')) {
    const mark = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence) === true) fence = undefined;
    } else if (mark !== undefined) fence = mark;
    else {
      const heading = headingText(line);
      if (heading !== '') return heading;
    }
  }
  return undefined;
}

/** The text of an ATX heading without its closing marks; empty if the line is none. */
function headingText(line: string): string {
  const [mark] = /^ {0,3}#{1,6}(?=[ \t])/.exec(line) ?? [];
  if (mark === undefined) return '';
  const text = line.slice(mark.length).trim();
  const words = text.split(/[ \t]+/);
  return /^#+$/.test(words.at(-1) ?? '')
    ? text.slice(0, text.length - (words.at(-1) ?? '').length).trim()
    : text;
}

function readCandidate(
  fields: YamlFields,
  field: Field | undefined,
  mayLieAnywhere: boolean,
): string | undefined {
  const path = mayLieAnywhere ? anyPathOf(fields, field, 'program') : pathOf(fields, field);
  if (field !== undefined && path !== undefined)
    fields.candidate = { path, range: fields.rangeOf(field.value) };
  return path;
}

function readEvaluator(
  fields: YamlFields,
  top: ReadonlyMap<string, Field>,
  opening: Span,
): Problem['evaluator'] | undefined {
  const command = top.get('evaluate');
  const foreign = top.get('evaluator');
  const stopField = top.get('stopEarly');
  const raceField = top.get('raceParent');
  if (foreign === undefined) {
    if (command === undefined) {
      const message = 'The front matter needs "evaluate": add evaluate: python3 evaluate.py.';
      fields.error(opening, 'missing-key', message);
    }
    const text = readCommand(fields, command);
    const stopEarly = booleanOf(fields, stopField);
    const raceParent = booleanOf(fields, raceField);
    if (raceField !== undefined && stopEarly === true && raceParent === true) {
      const message =
        'stopEarly and raceParent both end what is clearly worse, the one by the cases, the other within the evaluator: remove one of the two.';
      fields.error(raceField.key, 'contradiction', message);
    }
    if (text === undefined) return undefined;
    return {
      ...{ kind: 'command', command: text },
      ...(stopEarly !== undefined && { stopEarly }),
      ...(raceParent !== undefined && { raceParent }),
    };
  }
  if (raceField !== undefined) {
    const message = 'raceParent goes with evaluate, whose command it is for: remove it.';
    fields.report(raceField.key, 'warning', 'unused-key', message);
  }
  if (stopField !== undefined) {
    const message = 'stopEarly goes with evaluate: write it into evaluator, where atcoder has it.';
    fields.report(stopField.key, 'warning', 'unused-key', message);
  }
  if (command !== undefined) {
    const message = 'evaluate and evaluator both say what scores the program: remove one of the two.';
    fields.error(foreign.key, 'contradiction', message);
  }
  return readForeign(fields, foreign);
}

function readForeign(fields: YamlFields, field: Field): ForeignEvaluator | undefined {
  const keys = fields.sectionOf(field, evaluatorKeys)?.fields;
  const format = choiceOf(fields, keys?.get('format'), foreignFormats);
  const folderField = keys?.get('folder');
  const folder = anyPathOf(fields, folderField, 'folder');
  const mode = choiceOf(fields, keys?.get('mode'), gpuModes);
  const device = choiceOf(fields, keys?.get('device'), taskDevices);
  const cases = numberOf(fields, keys?.get('cases'));
  const caseTimeMs = timeOf(fields, keys?.get('caseTime'));
  const stopEarly = booleanOf(fields, keys?.get('stopEarly'));
  if (folderField !== undefined && folder !== undefined) {
    fields.folder = { path: folder, range: fields.rangeOf(folderField.value) };
  }
  if (format === undefined || folder === undefined) return undefined;
  for (const [name, owner] of [
    ['mode', 'gpu-mode'],
    ['device', 'gpu-mode'],
    ['cases', 'atcoder'],
    ['caseTime', 'atcoder'],
    ['stopEarly', 'atcoder'],
  ] as const) {
    const other = keys?.get(name);
    if (other === undefined || format === owner) continue;
    fields.report(
      other.key,
      'warning',
      'unused-key',
      `evaluator.${name} is for ${owner}, and this folder is of ${format}: remove it.`,
    );
  }
  return {
    kind: 'foreign',
    format,
    folder,
    ...(mode !== undefined && { mode }),
    ...(device !== undefined && { device }),
    ...(cases !== undefined && { cases }),
    ...(caseTimeMs !== undefined && { caseTimeMs }),
    ...(stopEarly !== undefined && { stopEarly }),
  };
}

function readCommand(fields: YamlFields, field: Field | undefined): string | undefined {
  const command = textOf(fields, field);
  if (field === undefined || command === undefined) return undefined;
  fields.scripts = scriptsIn(command).map(({ path, from }) => ({
    path: path.replace(/^(?:\.\/)+/, ''),
    range: fields.rangeOf(fields.within(field, command, from, from + path.length)),
  }));
  return command;
}

function readMetric(fields: YamlFields, field: Field | undefined): Metric | undefined {
  const section = fields.sectionOf(field, metricKeys);
  const name = nameOf(fields, section?.fields.get('name'));
  const goal = choiceOf(fields, section?.fields.get('goal'), ['minimize', 'maximize']);
  const unit = textOf(fields, section?.fields.get('unit'));
  if (name === undefined || goal === undefined) return undefined;
  return { name, goal, ...(unit !== undefined && { unit }) };
}

function readReward(
  fields: YamlFields,
  field: Field | undefined,
  metric: Metric | undefined,
): string | undefined {
  const text = textOf(fields, field);
  if (field === undefined || text === undefined) return undefined;
  const parsed = parseReward(text);
  if (!parsed.ok) {
    for (const error of parsed.errors) {
      fields.error(fields.within(field, text, error.from, error.to), 'bad-reward', error.message);
    }
    return undefined;
  }
  const doubt = metric === undefined ? undefined : doubtAbout(parsed, metric);
  if (metric !== undefined && doubt === 'ignores-metric') {
    const message = `The reward does not depend on the metric: use "${metric.name}" in it, or remove the line "reward".`;
    fields.report(field.value, 'warning', 'reward-ignores-metric', message);
  } else if (metric !== undefined && doubt === 'contradicts-goal') {
    const direction = metric.goal === 'minimize' ? 'lower' : 'higher';
    const message = `The reward falls as "${metric.name}" gets better (${direction}), and the reward is always maximised: turn its sign, or correct metric.goal.`;
    fields.report(field.value, 'warning', 'reward-contradicts-goal', message);
  }
  return text;
}

/** Of a candidate that is stopped nothing is known but an estimate of the metric. */
function checkRewardOfStopped(
  fields: YamlFields,
  field: Field | undefined,
  reward: string | undefined,
  metric: Metric | undefined,
): void {
  if (field === undefined || reward === undefined || metric === undefined) return;
  const parsed = parseReward(reward);
  const other = parsed.ok ? [...parsed.names].find((name) => name !== metric.name) : undefined;
  if (other === undefined) return;
  const message = `With stopEarly the reward may use "${metric.name}" alone, as nothing else is known of a candidate that was stopped: take "${other}" out, or remove stopEarly.`;
  fields.error(field.value, 'bad-reward', message);
}

function readEnvironment(fields: YamlFields, field: Field | undefined): Environment {
  const section = fields.sectionOf(field, environmentKeys);
  const python = pythonVersionOf(fields, section?.fields.get('python'));
  const packages = packagesOf(fields, section?.fields.get('packages'));
  const preload = modulesOf(fields, section?.fields.get('preload'));
  return { ...(python !== undefined && { python }), packages, ...(preload.length > 0 && { preload }) };
}

function readLimits(fields: YamlFields, field: Field | undefined): Limits {
  const keys = fields.sectionOf(field, limitKeys)?.fields;
  return {
    timeMs: timeOf(fields, keys?.get('time')) ?? defaultLimits.timeMs,
    memoryBytes: bytesOf(fields, keys?.get('memory')) ?? defaultLimits.memoryBytes,
    cpus: numberOf(fields, keys?.get('cpus')) ?? defaultLimits.cpus,
    gpus: numberOf(fields, keys?.get('gpus')) ?? defaultLimits.gpus,
    outputBytes: bytesOf(fields, keys?.get('output')) ?? defaultLimits.outputBytes,
    processes: numberOf(fields, keys?.get('processes')) ?? defaultLimits.processes,
  };
}

function readReferences(fields: YamlFields, field: Field | undefined): readonly Reference[] {
  const references: Reference[] = [];
  const labels = new Set<string>();
  for (const [index, { node, at }] of fields.itemsOf(field).entries()) {
    if (!isMap(node)) {
      fields.error(
        at,
        'wrong-type',
        'A reference needs a label and a value: write { label: Best known, value: 1.0 }.',
      );
      continue;
    }
    const { fields: keys } = fields.section(`references.${index}`, node, referenceKeys, at);
    const labelField = keys.get('label');
    const label = textOf(fields, labelField);
    const value = numberOf(fields, keys.get('value'));
    const url = urlOf(fields, keys.get('url'));
    if (label === undefined) continue;
    if (labels.has(label)) {
      const message = `Two references are called "${label}": give each a label of its own.`;
      fields.error(labelField?.value ?? at, 'duplicate-reference', message);
    }
    labels.add(label);
    if (value !== undefined) references.push({ label, value, ...(url !== undefined && { url }) });
  }
  return references;
}
