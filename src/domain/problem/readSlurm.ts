import { withoutAbsent } from '../withoutAbsent';
import { choiceOf, numberOf, textOf, timeOf } from './fieldValues';
import type { Problem } from './problem';
import { slurmKeys } from './slurmKeys';
import { executors } from './slurmSettings';
import { inWords, type Field, type YamlFields } from './yamlFields';

/** What `executor:` and `slurm:` say, and nothing that they do not say. */
export function readExecutor(
  fields: YamlFields,
  executorField: Field | undefined,
  slurmField: Field | undefined,
): Pick<Problem, 'executor' | 'slurm'> {
  const executor = choiceOf(fields, executorField, executors);
  const keys = fields.sectionOf(slurmField, slurmKeys)?.fields;
  if (slurmField !== undefined && executor !== 'slurm') {
    const message = 'slurm: is for evaluations as jobs of a cluster: add executor: slurm, or remove it.';
    fields.report(slurmField.key, 'warning', 'unused-key', message);
  }
  if (slurmField === undefined) return withoutAbsent({ executor });
  const slurm = withoutAbsent({
    partition: wordOf(fields, keys?.get('partition')),
    account: wordOf(fields, keys?.get('account')),
    qos: wordOf(fields, keys?.get('qos')),
    reservation: wordOf(fields, keys?.get('reservation')),
    constraint: wordOf(fields, keys?.get('constraint')),
    gpuType: wordOf(fields, keys?.get('gpuType')),
    extraTimeMs: timeOf(fields, keys?.get('extraTime')),
    tries: numberOf(fields, keys?.get('tries')),
  });
  return { ...withoutAbsent({ executor }), slurm };
}

/** It becomes part of an argument of sbatch: names, and the signs that constraints and lists of names are made of. */
function wordOf(fields: YamlFields, field: Field | undefined): string | undefined {
  const text = textOf(fields, field);
  if (field === undefined || text === undefined) return undefined;
  if (/^[A-Za-z0-9_[(][\w.:@+,&|*()[\]/=-]*$/.test(text)) return text;
  const message = `${inWords(field.path)} must be a name as the cluster has it, without spaces: write ${field.spec.name}: ${field.spec.example}.`;
  fields.error(field.value, 'bad-name', message);
  return undefined;
}
