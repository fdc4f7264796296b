import { EnvironmentError } from '../evaluator';

/**
 * What can keep the processes of an evaluation from the rest of the host, the best first. `unshare`: the same namespaces, file system and filter,
 * put together by ourselves where bubblewrap is missing or does not work. `crun`, `runc`: by a runtime of containers, which the host may allow what it
 * forbids others.
 */
export const isolatorKinds = ['bubblewrap', 'unshare', 'crun', 'runc'] as const;
export type IsolatorKind = (typeof isolatorKinds)[number];

/** `none`: nothing does. */
export const isolationKinds = [...isolatorKinds, 'none'] as const;
export type IsolationKind = (typeof isolationKinds)[number];

/** Whoever starts evaluations agreed that they may run without isolation (`none`), or did not (`auto`). */
export type IsolationWish = 'auto' | 'none';

/** Evaluations cannot be isolated on this host, and nobody agreed to run them without. */
export class IsolationMissingError extends EnvironmentError {
  readonly code = 'not-isolated';
  constructor(readonly why: string) {
    super(
      `Programs cannot be kept apart from the rest of this host: ${why}`,
      'Install bubblewrap (Debian, Ubuntu: `apt install bubblewrap`; Fedora: `dnf install bubblewrap`) and allow user namespaces; ' +
        'with perl or python3 these alone will do. Where AppArmor allows them only to programs that it knows (Ubuntu 24.04), install crun: `apt install crun`. `ttt-discover doctor` says what is in the way. Or agree that the programs which a model writes run with all rights of your ' +
        'account, your files and your network: `--isolation none`.',
    );
  }
}

/** For the journal and for people, where evaluations run without isolation. */
export const notIsolatedWarning = {
  code: 'not-isolated',
  message:
    'Evaluations are not isolated on this host, as was agreed at the start: programs that a model writes can read and change the files of ' +
    'the account, and use its network.',
} as const;
