import type { EvaluationReport } from '../../evaluation/evaluator';
import type { SessionRecord } from './sessionRecord';
import type { SessionWriter } from './sessionWriter';

/** Before what a report says is written: where it ran and how that was isolated, unless the journal has it. */
export function writeNode(
  { record, writer }: { readonly record: SessionRecord; readonly writer: Pick<SessionWriter, 'append'> },
  { node }: Pick<EvaluationReport, 'node'>,
): void {
  if (node === undefined) return;
  const { name, isolation } = node;
  const known = record.snapshot.nodes?.find((one) => one.node === name);
  if (known?.isolation !== isolation) writer.append({ type: 'node.ready', node: name, isolation });
}
