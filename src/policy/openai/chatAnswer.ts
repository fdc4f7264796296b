import * as z from 'zod';

export interface TokenUsage {
  readonly promptTokens: number;
  /** With the reasoning. */
  readonly completionTokens: number;
}

export interface ChatAnswer {
  /** What the model said to the user; reasoning that the server keeps apart is not in it. */
  readonly text: string;
  readonly finish: 'complete' | 'cut' | 'refused';
  /** The model's own words where it refused. */
  readonly refusal?: string;
  /** Absent if the server does not count. */
  readonly usage?: TokenUsage;
}

/** What came is not a chat completion. */
export class UnreadableAnswerError extends Error {
  override readonly name = 'UnreadableAnswerError';
}

/** An error that a server reported inside a successful answer. */
export class ReportedError extends Error {
  override readonly name = 'ReportedError';
  constructor(readonly body: unknown) {
    super('The answer reports an error.');
  }
}

/** Far above any context: a server that never stops must not fill the memory. */
const longestAnswerCharacters = 16 * 1024 ** 2;

const usage = z
  .object({ prompt_tokens: z.number().min(0), completion_tokens: z.number().min(0).default(0) })
  .nullish()
  .catch(undefined);
const part = z.object({ content: z.string().nullish(), refusal: z.string().nullish() });
const chunk = z.object({
  choices: z.array(z.object({ delta: part.nullish(), finish_reason: z.string().nullish() })).nullish(),
  usage,
});
const completion = z.object({
  choices: z.array(z.object({ message: part, finish_reason: z.string().nullish() })).min(1),
  usage,
});
const reportedError = z.object({
  error: z.unknown().refine((error) => error !== null && error !== undefined),
});

/** Throws `UnreadableAnswerError`, `ReportedError`. */
export function readCompletion(body: unknown): ChatAnswer {
  throwIfReported(body);
  const parsed = completion.safeParse(body);
  const choice = parsed.data?.choices[0];
  if (!parsed.success || choice === undefined) throw unreadable(parsed.error);
  return answerOf(choice.message, choice.finish_reason ?? undefined, parsed.data.usage);
}

/** Reads a stream of chunks to its end. Throws `UnreadableAnswerError`, `ReportedError`, and what the stream throws. */
export async function readChunks(chunks: AsyncIterable<unknown>): Promise<ChatAnswer> {
  const said = { content: '', refusal: '' };
  let finishReason: string | undefined;
  let counted: z.infer<typeof usage>;
  for await (const body of chunks) {
    throwIfReported(body);
    const parsed = chunk.safeParse(body);
    if (!parsed.success) throw unreadable(parsed.error);
    counted = parsed.data.usage ?? counted;
    const choice = parsed.data.choices?.[0];
    said.content += choice?.delta?.content ?? '';
    said.refusal += choice?.delta?.refusal ?? '';
    finishReason = choice?.finish_reason ?? finishReason;
    if (said.content.length + said.refusal.length > longestAnswerCharacters) {
      throw new UnreadableAnswerError('the answer does not end');
    }
  }
  if (finishReason === undefined) throw new UnreadableAnswerError('the answer broke off');
  return answerOf(said, finishReason, counted);
}

function answerOf(
  { content, refusal }: z.infer<typeof part>,
  finishReason: string | undefined,
  counted: z.infer<typeof usage>,
): ChatAnswer {
  const refused = finishReason === 'content_filter' || (refusal ?? '') !== '';
  return {
    text: content ?? '',
    finish: refused ? 'refused' : finishReason === 'length' ? 'cut' : 'complete',
    ...(refused && (refusal ?? '') !== '' && { refusal: refusal ?? '' }),
    ...(counted && {
      usage: { promptTokens: counted.prompt_tokens, completionTokens: counted.completion_tokens },
    }),
  };
}

function throwIfReported(body: unknown): void {
  const reported = reportedError.safeParse(body);
  if (reported.success) throw new ReportedError(reported.data.error);
}

function unreadable(error: z.ZodError | undefined): UnreadableAnswerError {
  const issue = error?.issues[0];
  return new UnreadableAnswerError(
    issue === undefined ? 'it is empty' : `${issue.path.join('.') || 'the answer'}: ${issue.message}`,
  );
}
