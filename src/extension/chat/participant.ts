import {
  LanguageModelChatMessage,
  type CancellationToken,
  type ChatFollowupProvider,
  type ChatRequest,
  type ChatRequestHandler,
  type ChatResponseStream,
  type ChatResult,
} from 'vscode';
import { describeFailure, isCancelled } from '../base/failures';
import { t } from '../base/translate';
import { commandIds } from '../commandIds';
import type { SessionChooser } from '../sessions/chooseSession';
import type { SessionStore } from '../sessions/sessionStore';
import { maySteer, oneOf, steer } from '../sessions/steerCommands';
import { titleOf } from '../sessions/sessionNames';
import type { SessionView } from '../sessions/sessions';
import { candidateChange, dataRule, explainMessages } from './explain';
import { bestFacts, escaped, markdownFacts, plainFacts, statusFacts } from './sessionFacts';
import { candidateAndSession, whichSession } from './whichSession';
import { withoutImages } from './withoutImages';

export type ChatSessions = Pick<SessionStore, 'all' | 'ready' | 'readCandidate' | 'note'>;

export interface ChatNeeds {
  readonly sessions: ChatSessions;
  readonly chooser: Pick<SessionChooser, 'choose'>;
  readonly reportFailure: (what: string, error: unknown) => void;
}

/** What is told of the other sessions, without names. */
const othersShown = 5;

/** Answers `@discover`: by itself where facts are asked for, with the request's model where something is to be explained. */
export function chatHandler(needs: ChatNeeds): ChatRequestHandler {
  return async (request, _context, stream, token): Promise<ChatResult> => {
    const metadata = { command: request.command ?? '' };
    try {
      await needs.sessions.ready;
      await answer(needs, request, stream, token);
      return { metadata };
    } catch (error) {
      if (token.isCancellationRequested || isCancelled(error)) return { metadata };
      needs.reportFailure(`@discover ${request.command ?? ''}`, error);
      const { text, remedy } = describeFailure(error);
      if (remedy !== undefined) {
        const id = typeof remedy.command === 'string' ? commandIds[remedy.command] : remedy.command.id;
        stream.button({ command: id, title: remedy.title, arguments: [...(remedy.args ?? [])] });
      }
      return { errorDetails: { message: text }, metadata };
    }
  };
}

async function answer(
  needs: ChatNeeds,
  request: ChatRequest,
  stream: ChatResponseStream,
  token: CancellationToken,
): Promise<void> {
  const { sessions, chooser } = needs;
  switch (request.command) {
    case 'status':
      tellStatus(sessions.all, request.prompt, stream);
      return;
    case 'best':
      tellBest(whichSession(sessions.all, request.prompt), stream);
      return;
    case 'explain':
      await explain(sessions, request, stream, token);
      return;
    case 'note': {
      if (request.prompt.trim() === '') {
        stream.markdown(t('Write the note after the command: what to try, or what to leave alone.'));
        return;
      }
      const session = await chooser.choose([], t('Steer which session?'), oneOf(sessions.all, maySteer));
      await steer(sessions, session, request.prompt);
      stream.markdown(
        t('Noted for session {0}: its prompts cite it from the next step on.', escaped(titleOf(session))),
      );
      stream.button({
        command: commandIds.removeNotes,
        title: t('Remove Notes'),
        arguments: [session.id],
      });
      return;
    }
    default:
      if (request.prompt.trim() === '') tellStatus(sessions.all, '', stream);
      else await answerFreely(sessions, request, stream, token);
  }
}

function tellStatus(all: readonly SessionView[], words: string, stream: ChatResponseStream): void {
  const session = whichSession(all, words);
  stream.markdown(markdownFacts(statusFacts(session)));
  stream.button({ command: commandIds.openDashboard, title: t('Open Dashboard'), arguments: [session.id] });
  const others = all.filter(({ id }) => id !== session.id);
  if (words.trim() !== '' || others.length === 0) return;
  const titles = others.slice(0, othersShown).map((other) => escaped(titleOf(other)));
  stream.markdown(
    `\n\n${t('Other sessions: {0}. Name one to hear of it.', [...new Set(titles)].join(', '))}`,
  );
}

function tellBest(session: SessionView, stream: ChatResponseStream): void {
  const facts = bestFacts(session);
  if (facts === undefined) {
    stream.markdown(t('Session {0} has no valid candidate yet.', escaped(titleOf(session))));
    return;
  }
  stream.markdown(markdownFacts(facts));
  stream.button({ command: commandIds.openBestDiff, title: t('Open Diff'), arguments: [session.id] });
}

async function explain(
  sessions: ChatSessions,
  request: ChatRequest,
  stream: ChatResponseStream,
  token: CancellationToken,
): Promise<void> {
  const { candidate, session: words } = candidateAndSession(request.prompt);
  // Words behind a candidate's number are a session or a question about the change.
  const isSession = words !== undefined && isNamed(sessions.all, words);
  const session = whichSession(sessions.all, isSession ? words : undefined);
  const change = await candidateChange(sessions, session, candidate);
  stream.progress(t('Reading what c{0} changed in c{1}', change.candidate, change.parent));
  await askModel(request, explainMessages(change, isSession ? '' : (words ?? '')), stream, token);
  stream.button({
    command: commandIds.openDiff,
    title: t('Open Diff'),
    arguments: [session.id, change.candidate],
  });
}

function isNamed(all: readonly SessionView[], words: string): boolean {
  const wanted = words.toLowerCase();
  return all.some(
    (session) => session.id.toLowerCase() === wanted || titleOf(session).toLowerCase().includes(wanted),
  );
}

/** A question in words of the user's own, about the newest session. */
async function answerFreely(
  sessions: ChatSessions,
  request: ChatRequest,
  stream: ChatResponseStream,
  token: CancellationToken,
): Promise<void> {
  const session = whichSession(sessions.all, undefined);
  const facts = [...statusFacts(session), ...(bestFacts(session) ?? [])];
  const task =
    'You answer questions about a discovery session: a search for a better program, which a language model or tuned numbers propose and ' +
    `an evaluator scores. Use the facts alone and say what they do not tell. ${dataRule}`;
  await askModel(
    request,
    [task, `\`\`\`text\n${plainFacts(facts).replaceAll('`', "'")}\n\`\`\``, request.prompt],
    stream,
    token,
  );
}

/** Asks the model that the user chose for this chat. It is given no tools: nothing that it says can do anything. */
async function askModel(
  { model }: ChatRequest,
  messages: readonly string[],
  stream: ChatResponseStream,
  token: CancellationToken,
): Promise<void> {
  const response = await model.sendRequest(
    messages.map((text) => LanguageModelChatMessage.User(text)),
    {},
    token,
  );
  for await (const piece of withoutImages(response.text)) {
    if (token.isCancellationRequested) return;
    stream.markdown(piece);
  }
}

/** What to ask next. */
export function followups(): ChatFollowupProvider {
  const next: Readonly<Record<string, readonly (readonly [command: string, label: string])[]>> = {
    status: [['best', t('What is the best candidate?')]],
    best: [['explain', t('What did the best candidate change?')]],
    explain: [['status', t('How does the session stand?')]],
    note: [['status', t('How does the session stand?')]],
  };
  return {
    provideFollowups: ({ metadata }) => {
      const command: unknown = metadata?.['command'];
      const offered = typeof command === 'string' && command !== '' ? next[command] : next['status'];
      return (offered ?? []).map(([name, label]) => ({ prompt: '', command: name, label }));
    },
  };
}
