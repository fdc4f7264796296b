import { isMap } from 'yaml';
import { numberOf, textOf, urlOf } from './fieldValues';
import { referenceKeys } from './keys';
import type { Reference } from './problem';
import type { Field, YamlFields } from './yamlFields';

export function readReferences(fields: YamlFields, field: Field | undefined): readonly Reference[] {
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
