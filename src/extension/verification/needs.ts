import type { Uri } from 'vscode';
import type { HostTarget } from '../../remote/hostClient';
import type { FailureReporter } from '../base/failureReporter';
import type { AcceptedRecords } from '../candidates/provenance/acceptedRecords';
import type { Settings } from '../base/settings';
import type { HostConnections } from '../hosts/hostConnections';
import type { SessionChooser } from '../sessions/chooseSession';
import type { SessionStore } from '../sessions/sessionStore';
import type { CaseTests } from '../start/caseTests';
import type { CandidateFiles } from './candidateFiles';
import type { ResultDocuments } from './resultDocuments';

/** What the commands of this folder share. */
export interface VerificationNeeds {
  readonly connections: Pick<HostConnections, 'connect'>;
  readonly store: SessionStore;
  readonly chooser: SessionChooser;
  /** The selected host of the workspace; asks if there is none. */
  readonly requireHost: () => Promise<HostTarget>;
  readonly settingsFor: (uri: Uri) => Settings;
  readonly tests: CaseTests;
  /** What was accepted into the user's files. */
  readonly accepted: Pick<AcceptedRecords, 'change'>;
  readonly failures: Pick<FailureReporter, 'report' | 'guard'>;
  readonly files: CandidateFiles;
  readonly results: Pick<ResultDocuments, 'create'>;
  readonly nowMs: () => number;
}
