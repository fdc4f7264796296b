import type { Limits } from '../domain/problem/problem';
import type { EvaluationMethod, NotScored } from './evaluationMethod';
import { parseEvaluatorResult } from './evaluatorResult';
import { executionFailure, failed } from './executionFailure';
import { readUntrustedFile } from './readUntrustedFile';

const mostResultBytes = 64 * 1024 ** 2;

/** The contract of docs/evaluators.md: a shell command that writes a result file. */
export function commandMethod(command: string, limits: Limits): EvaluationMethod {
  return {
    async score({ work, execute }) {
      const report = await execute({ argv: ['/bin/sh', '-c', command] });
      const fail = (reason: NotScored['reason'], message: string): NotScored =>
        failed(reason, message, report);
      const failure = executionFailure(report, limits);
      if (failure !== undefined) return failure;
      const file = await readUntrustedFile(work.result, work.path, mostResultBytes);
      if (file.kind === 'absent') return fail('no-result', 'The evaluator ended well but wrote no result.');
      if (file.kind === 'refused') return fail('bad-result', `The result ${file.why}.`);
      const parsed = parseEvaluatorResult(file.bytes.toString('utf8'));
      if (!parsed.ok) return fail(parsed.reason, parsed.message);
      return { kind: 'scored', ...parsed.result };
    },
  };
}
