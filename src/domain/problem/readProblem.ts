import { isMap, YAMLMap, type Document } from 'yaml';
import {
  anyPathOf,
  bytesOf,
  choiceOf,
  modulesOf,
  nameOf,
  numberOf,
  packagesOf,
  pathOf,
  pythonVersionOf,
  textOf,
  timeOf,
} from './fieldValues';
import type { Span } from './frontMatter';
import { environmentKeys, metricKeys, problemKeys } from './keys';
import { limitKeys } from './limitKeys';
import { defaultLimits, type Environment, type Limits, type Metric, type Problem } from './problem';
import { readChoice } from './readChoice';
import { readEvaluator } from './readEvaluator';
import { readReferences } from './readReferences';
import { checkRewardOfStopped, readReward } from './readReward';
import { readExecutor } from './readSlurm';
import { readTitle } from './readTitle';
import { inWords, type Field, type YamlFields } from './yamlFields';
import { withoutAbsent } from '../withoutAbsent';

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

function readMetric(fields: YamlFields, field: Field | undefined): Metric | undefined {
  const section = fields.sectionOf(field, metricKeys);
  const name = nameOf(fields, section?.fields.get('name'));
  const goal = choiceOf(fields, section?.fields.get('goal'), ['minimize', 'maximize']);
  const unit = textOf(fields, section?.fields.get('unit'));
  if (name === undefined || goal === undefined) return undefined;
  return { name, goal, ...(unit !== undefined && { unit }) };
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
    ...readGpus(fields, keys?.get('gpus'), keys?.get('gpuMemory')),
    outputBytes: bytesOf(fields, keys?.get('output')) ?? defaultLimits.outputBytes,
    processes: numberOf(fields, keys?.get('processes')) ?? defaultLimits.processes,
  };
}

function readGpus(
  fields: YamlFields,
  gpusField: Field | undefined,
  memoryField: Field | undefined,
): Pick<Limits, 'gpus' | 'gpuMemoryBytes'> {
  const given = numberOf(fields, gpusField);
  const gpuMemoryBytes = bytesOf(fields, memoryField);
  const isWithout = gpusField === undefined || given === 0;
  if (memoryField !== undefined && isWithout) {
    const message = `${inWords(memoryField.path)} is for evaluations that use a GPU: ${gpusField === undefined ? 'add' : 'write'} gpus: 1, or remove it.`;
    fields.report(memoryField.key, 'warning', 'unused-key', message);
  }
  return { gpus: given ?? defaultLimits.gpus, ...withoutAbsent({ gpuMemoryBytes }) };
}
