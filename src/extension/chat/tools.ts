import { LanguageModelTextPart, LanguageModelToolResult, type LanguageModelTool } from 'vscode';
import * as z from 'zod';
import { mostNoteCharacters } from '../../domain/session/notes';
import { fenced } from '../../domain/prompt/fence';
import { Refusal } from '../base/failures';
import { t } from '../base/translate';
import { maySteer, steer } from '../sessions/steerCommands';
import { titleOf } from '../sessions/sessionNames';
import type { SessionView } from '../sessions/sessions';
import { candidateChange, dataRule } from './explain';
import type { ChatSessions } from './participant';
import { bestFacts, plainFacts, statusFacts } from './sessionFacts';
import { whichSession } from './whichSession';

/** Names under which package.json declares the tools. A test compares. */
export const toolNames = {
  status: 'tttDiscover_status',
  best: 'tttDiscover_best',
  explain: 'tttDiscover_explain',
  note: 'tttDiscover_note',
} as const;

const mostSessions = 16;
const mostProgramCharacters = 30_000;

const statusInput = z.object({ session: z.string().optional() });
const bestInput = z.object({ session: z.string().optional(), program: z.boolean().optional() });
const explainInput = z.object({ session: z.string().optional(), candidate: z.int().min(0).optional() });
const noteInput = z.object({
  session: z.string().optional(),
  text: z.string().min(1).max(mostNoteCharacters),
});

/** What language models may ask of sessions. Reading needs no question of ours; a note changes prompts, so the user confirms it. */
export function createTools(sessions: ChatSessions): Readonly<Record<string, LanguageModelTool<unknown>>> {
  return {
    [toolNames.status]: {
      prepareInvocation: () => ({ invocationMessage: t('Looking at discovery sessions') }),
      async invoke({ input }) {
        const { session } = read(statusInput, input);
        await sessions.ready;
        const shown =
          session === undefined ? sessions.all.slice(0, mostSessions) : [whichSession(sessions.all, session)];
        if (shown.length === 0) return result('There is no discovery session.');
        return result(dataRule, ...shown.map((view) => asData(plainFacts(statusFacts(view)))));
      },
    },
    [toolNames.best]: {
      prepareInvocation: () => ({ invocationMessage: t('Looking at the best candidate') }),
      async invoke({ input }) {
        const { session, program = false } = read(bestInput, input);
        await sessions.ready;
        const view = whichSession(sessions.all, session);
        const facts = bestFacts(view);
        if (facts === undefined) return result('The session has no valid candidate yet.');
        const { best } = view.snapshot;
        if (!program || best === undefined) return result(dataRule, asData(plainFacts(facts)));
        const text = await sessions.readCandidate(view.id, best);
        const cut =
          text.length > mostProgramCharacters
            ? `The first ${mostProgramCharacters} characters:`
            : 'Its text:';
        return result(dataRule, asData(plainFacts(facts)), cut, asData(text.slice(0, mostProgramCharacters)));
      },
    },
    [toolNames.explain]: {
      prepareInvocation: () => ({ invocationMessage: t('Reading what a candidate changed') }),
      async invoke({ input }) {
        const { session, candidate } = read(explainInput, input);
        await sessions.ready;
        const change = await candidateChange(sessions, whichSession(sessions.all, session), candidate);
        return result(
          dataRule,
          change.facts,
          change.untrusted,
          ...(change.isCut ? ['The diff was cut.'] : []),
        );
      },
    },
    [toolNames.note]: {
      async prepareInvocation({ input }) {
        const { session, text } = read(noteInput, input);
        const view = await steered(sessions, session);
        return {
          invocationMessage: t('Leaving a note for a discovery session'),
          confirmationMessages: {
            title: t('Steer session "{0}"?', titleOf(view)),
            message: t('The prompts of its next steps will cite this note: {0}', text),
          },
        };
      },
      async invoke({ input }) {
        const { session, text } = read(noteInput, input);
        const view = await steered(sessions, session);
        await steer(sessions, view, text);
        return result(`Noted for session ${view.id}: its prompts cite it from the next step on.`);
      },
    },
  };
}

/** The session that a note is for. Never a guess: another could begin between the user's answer and the note. */
async function steered(sessions: ChatSessions, words: string | undefined): Promise<SessionView> {
  await sessions.ready;
  const eligible = sessions.all.filter(maySteer);
  if (words === undefined && eligible.length > 1) {
    const names = eligible.map((view) => `${titleOf(view)} (${view.id})`).join(', ');
    throw new Refusal(t('Several sessions can be steered. Name one: {0}.', names));
  }
  return words === undefined
    ? (eligible[0] ?? whichSession(sessions.all, undefined))
    : whichSession(sessions.all, words);
}

function read<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new Refusal(`The tool was called wrongly: ${z.prettifyError(parsed.error)}`);
}

function asData(text: string): string {
  return fenced(text, 'text').block;
}

function result(...parts: readonly string[]): LanguageModelToolResult {
  return new LanguageModelToolResult([new LanguageModelTextPart(parts.join('\n\n'))]);
}
