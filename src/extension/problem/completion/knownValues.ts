import type { Uri } from 'vscode';
import { FileType, workspace } from 'vscode';
import { serverWords } from '../../../domain/session/modelSettings';
import { pricedModels } from '../../../domain/session/priceTable';
import type { EditorModels } from '../../languageModels/models';
import type { SessionStore } from '../../sessions/sessionStore';
import { lastEvaluation } from '../evaluations/lastEvaluation';
import type { RememberedEvaluations } from '../evaluations/rememberedEvaluations';
import { namedUri } from '../namedFiles';
import type { FolderEntry, ValueSources } from './valueSuggestions';

export interface KnownValuesNeeds {
  readonly evaluations: Pick<RememberedEvaluations, 'of'>;
  readonly sessions: Pick<SessionStore, 'all'>;
  readonly models: EditorModels;
}

/** What this window knows for the values of a problem file. */
export function knownValues(problem: Uri, { evaluations, sessions, models }: KnownValuesNeeds): ValueSources {
  const earlier = (): readonly { readonly server: string; readonly model: string }[] =>
    sessions.all.flatMap(({ snapshot }) => snapshot.options?.model ?? []);
  return {
    list: (folder) => (problem.scheme === 'untitled' ? Promise.resolve([]) : entriesOf(problem, folder)),
    async models(server) {
      const used = earlier().flatMap((one) => (one.server === server ? [one.model] : []));
      const own = server === serverWords.vscode ? (await models.all()).map(({ name }) => name) : [];
      // SkyRL takes any model with open weights: those that the hosted service offers are a beginning.
      const priced = pricedModels(server === serverWords.skyrl ? serverWords.tinker : server);
      return [...new Set([...used, ...own, ...priced])];
    },
    servers: () => [...new Set(earlier().map(({ server }) => server))].filter((one) => one.includes('://')),
    metrics() {
      const uri = problem.toString();
      const outcome = lastEvaluation(uri, evaluations.of(uri), sessions.all)?.outcome;
      return outcome?.kind === 'valid' ? Object.keys(outcome.metrics) : [];
    },
  };
}

async function entriesOf(problem: Uri, folder: string): Promise<readonly FolderEntry[]> {
  try {
    const found = await workspace.fs.readDirectory(namedUri(problem, folder === '' ? '.' : folder));
    return found.map(([name, type]) => ({ name, isFolder: (type & FileType.Directory) !== 0 }));
  } catch {
    // What is written so far leads nowhere, or nowhere that may be read: there is nothing to offer.
    return [];
  }
}
