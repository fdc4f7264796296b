import { scriptsIn } from './commandScripts';
import { evaluatorKeys } from './evaluatorKeys';
import { anyPathOf, choiceOf, numberOf, textOf, timeOf } from './fieldValues';
import type { Span } from './frontMatter';
import { booleanOf } from './policyValues';
import { foreignFormats, gpuModes, taskDevices, type ForeignEvaluator, type Problem } from './problem';
import type { Field, YamlFields } from './yamlFields';

/** What scores the program: `evaluate:` with what goes with it, or `evaluator:`. */
export function readEvaluator(
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
