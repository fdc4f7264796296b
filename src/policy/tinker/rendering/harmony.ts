import type { ChatTokenizer } from './chatTokenizer';
import { RenderingSettingsError } from './errors';
import { readHarmony, type HarmonyTokens } from './harmonyMessages';
import { encodePieces, type Piece } from './pieces';
import { cutAtStop, outOfTokensText, type FormatProblem, type ParsedAnswer, type Renderer } from './renderer';

export interface HarmonySettings {
  readonly reasoningEffort: 'low' | 'medium' | 'high';
  /** The "current date" of the system message, year-month-day. Fixed, so that a prompt is the same on every day. */
  readonly date?: string;
}

export const defaultHarmonyDate = '2026-01-31';

const start: Piece = { control: '<|start|>' };
const message: Piece = { control: '<|message|>' };
const end: Piece = { control: '<|end|>' };
const channel: Piece = { control: '<|channel|>' };

/** The format of gpt-oss. Only the `final` channel is the answer. Throws `MissingControlTokenError`, `RenderingSettingsError`. */
export function harmonyRenderer(tokenizer: ChatTokenizer, settings: HarmonySettings): Renderer {
  const date = settings.date ?? defaultHarmonyDate;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) {
    throw new RenderingSettingsError(`the date "${date}" is not like ${defaultHarmonyDate}`);
  }
  const tokens: HarmonyTokens = {
    start: tokenizer.control('<|start|>'),
    message: tokenizer.control('<|message|>'),
    end: tokenizer.control('<|end|>'),
    channel: tokenizer.control('<|channel|>'),
    constrain: tokenizer.control('<|constrain|>'),
    call: tokenizer.control('<|call|>'),
  };
  const stopTokens = [tokenizer.control('<|return|>')];
  const turn = (role: string, text: string): Piece[] => [start, role, message, text, end];
  return {
    tokenizer,
    stopTokens,
    render: ({ system, user }) =>
      encodePieces(tokenizer, [
        ...turn('system', systemText(settings.reasoningEffort, date)),
        ...(system === undefined ? [] : turn('developer', `# Instructions\n\n${system}\n\n`)),
        ...turn('user', user),
        start,
        'assistant',
      ]),
    parse: (answer) => parseHarmony(tokenizer, tokens, answer, stopTokens),
    forcedTokens: (answer) => forceFinalChannel(tokenizer, tokens, answer),
  };
}

function systemText(reasoningEffort: string, date: string): string {
  return [
    'You are ChatGPT, a large language model trained by OpenAI.',
    'Knowledge cutoff: 2024-06',
    `Current date: ${date}`,
    '',
    `Reasoning: ${reasoningEffort}`,
    '',
    '# Valid channels: analysis, commentary, final. Channel must be included for every message.',
  ].join('\n');
}

function parseHarmony(
  tokenizer: ChatTokenizer,
  tokens: HarmonyTokens,
  answer: readonly number[],
  stopTokens: readonly number[],
): ParsedAnswer {
  tokenizer.checkTokens(answer);
  const { body, finished, problems: cutProblems } = cutAtStop(answer, stopTokens);
  const { messages, open, broken } = readHarmony(tokenizer, tokens, body);
  const problems = new Set<FormatProblem>(cutProblems);
  const finals: string[] = [];
  const reasoning: string[] = [];
  if (broken || (finished && open === undefined)) problems.add('broken-message');
  for (const { role, channelName, recipient, called, body: text } of [...messages, ...(open ? [open] : [])]) {
    if (called || recipient) problems.add('tool-call');
    const known = ['analysis', 'commentary', 'final'].includes(channelName ?? '');
    if (text === undefined) continue;
    if (role !== 'assistant' || !known) problems.add('broken-message');
    if (role !== 'assistant' || recipient) continue;
    if (channelName === 'final') {
      finals.push(tokenizer.decode(text));
      if (text.some((token) => tokenizer.isControl(token))) problems.add('control-token-in-answer');
    } else {
      reasoning.push(tokenizer.decode(text));
    }
  }
  if (finals.length === 0) problems.add('no-final-answer');
  return { answer: finals.join('\n'), reasoning: reasoning.join('\n'), finished, problems: [...problems] };
}

/**
 * After a complete message the reference code appends its sentence outside of any message; here only the header follows, which
 * keeps the format.
 */
function forceFinalChannel(
  tokenizer: ChatTokenizer,
  tokens: HarmonyTokens,
  answer: readonly number[],
): number[] {
  const { messages, open } = readHarmony(tokenizer, tokens, answer);
  const isFinal = ({ channelName, body }: { channelName?: string; body?: readonly number[] }): boolean =>
    channelName === 'final' && body !== undefined;
  if (messages.some(isFinal) || (open && isFinal(open))) return [];
  const finalHeader: Piece[] = [channel, 'final', message];
  const nextMessage: Piece[] = [start, 'assistant', ...finalHeader];
  const pieces = (): Piece[] => {
    if (open === undefined) return nextMessage;
    if (open.body !== undefined) return [outOfTokensText, end, ...nextMessage];
    if (open.channelName === undefined) return open.role === '' ? ['assistant', ...finalHeader] : finalHeader;
    if (open.channelName === 'final') return [message];
    return [message, outOfTokensText, end, ...nextMessage];
  };
  return encodePieces(tokenizer, pieces());
}
