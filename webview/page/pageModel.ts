import type {
  CandidateRow,
  DashboardHeader,
  StepRow,
  ToDashboard,
} from '../../src/protocol/dashboardMessages';

/** What the page shows: the last snapshot with the patches since. */
export interface PageModel {
  readonly revision: number;
  readonly header: DashboardHeader;
  /** By step number, ascending. */
  readonly steps: readonly StepRow[];
  /** Newest first. */
  readonly candidates: readonly CandidateRow[];
}

export type Applied =
  | { readonly kind: 'model'; readonly model: PageModel }
  /** The patch does not follow on what is shown: ask for a snapshot. */
  | { readonly kind: 'gap' }
  | { readonly kind: 'absent'; readonly message: string }
  /** Not about the header, the steps or the list. */
  | { readonly kind: 'other' };

export function applyMessage(model: PageModel | undefined, message: ToDashboard): Applied {
  switch (message.type) {
    case 'absent':
      return { kind: 'absent', message: message.message };
    case 'snapshot':
      return { kind: 'model', model: withSteps(message, [], message.steps) };
    case 'patch':
      return model?.revision === message.revision - 1
        ? { kind: 'model', model: withSteps(patched(model, message), model.steps, message.steps) }
        : { kind: 'gap' };
    default:
      return { kind: 'other' };
  }
}

/** A patch leaves out a list of candidates that is as it was. */
function patched(
  { candidates }: PageModel,
  patch: Extract<ToDashboard, { type: 'patch' }>,
): Omit<PageModel, 'steps'> {
  return { revision: patch.revision, header: patch.header, candidates: patch.candidates ?? candidates };
}

function withSteps(
  { revision, header, candidates }: Omit<PageModel, 'steps'>,
  known: readonly StepRow[],
  changed: readonly StepRow[],
): PageModel {
  const byStep = new Map([...known, ...changed].map((row) => [row.step, row]));
  const steps = [...byStep.values()].sort((a, b) => a.step - b.step);
  return { revision, header, candidates, steps };
}
