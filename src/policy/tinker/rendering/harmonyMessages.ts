import type { ChatTokenizer } from './chatTokenizer';

/** The ids of the control tokens that give messages their form. */
export interface HarmonyTokens {
  readonly start: number;
  readonly message: number;
  readonly end: number;
  readonly channel: number;
  readonly constrain: number;
  readonly call: number;
}

export interface HarmonyMessage {
  /** Of the first message `assistant`, as the prompt ends with it. */
  readonly role: string;
  /** Absent if the header names none. */
  readonly channelName?: string;
  /** True if it is addressed to a tool. */
  readonly recipient: boolean;
  /** True if it ended with `<|call|>`. */
  readonly called: boolean;
  /** Absent if the header has not ended. */
  readonly body?: readonly number[];
}

export interface HarmonyMessages {
  readonly messages: readonly HarmonyMessage[];
  /** The message that the tokens end in. */
  readonly open?: HarmonyMessage;
  /** True if tokens lie outside of messages, a message has no end, or a header no body. */
  readonly broken: boolean;
}

/** Splits an answer, which begins right after `<|start|>assistant`, into its messages. */
export function readHarmony(
  tokenizer: ChatTokenizer,
  tokens: HarmonyTokens,
  answer: readonly number[],
): HarmonyMessages {
  const messages: HarmonyMessage[] = [];
  let broken = false;
  let current: Unread | undefined = { header: [], isFirst: true };
  const readMessage = ({ header, body, isFirst }: Unread, called: boolean): HarmonyMessage => ({
    ...readHeader(tokenizer, tokens, header, isFirst),
    called,
    ...(body && { body }),
  });
  for (const token of answer) {
    if (token === tokens.start) {
      if (current) {
        broken = true;
        messages.push(readMessage(current, false));
      }
      current = { header: [], isFirst: false };
    } else if (!current) {
      broken = true;
    } else if (token === tokens.end || token === tokens.call) {
      broken ||= current.body === undefined;
      messages.push(readMessage(current, token === tokens.call));
      current = undefined;
    } else if (token === tokens.message && !current.body) {
      current.body = [];
    } else {
      (current.body ?? current.header).push(token);
    }
  }
  return { messages, broken, ...(current && { open: readMessage(current, false) }) };
}

interface Unread {
  readonly isFirst: boolean;
  readonly header: number[];
  body?: number[];
}

/** A header is `role`, `<|channel|>channel`, and perhaps `to=recipient` in either place and `<|constrain|>format`. */
function readHeader(
  tokenizer: ChatTokenizer,
  tokens: HarmonyTokens,
  header: readonly number[],
  isFirst: boolean,
): { role: string; channelName?: string; recipient: boolean } {
  const constrainAt = header.indexOf(tokens.constrain);
  const named = constrainAt < 0 ? header : header.slice(0, constrainAt);
  const channelAt = named.indexOf(tokens.channel);
  const before =
    (isFirst ? 'assistant' : '') + tokenizer.decode(named.slice(0, channelAt < 0 ? undefined : channelAt));
  const [role = '', ...roleWords] = before.trim().split(/\s+/);
  if (channelAt < 0) return { role, recipient: namesRecipient(roleWords) };
  const [channelName = '', ...channelWords] = tokenizer
    .decode(named.slice(channelAt + 1))
    .trim()
    .split(/\s+/);
  return { role, channelName, recipient: namesRecipient([...roleWords, ...channelWords]) };
}

const namesRecipient = (words: readonly string[]): boolean => words.some((word) => word.startsWith('to='));
