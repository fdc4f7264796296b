import * as z from 'zod';

import { TokenizerFileError } from './errors';

/** Gives the texts of a model's files: from a folder, a cache, or a download. */
export interface TokenizerFiles {
  /** The text of a file by its name in the model's folder; undefined if there is no such file. */
  read(name: string, signal: AbortSignal): Promise<string | undefined>;
}

const addedToken = z.looseObject({
  id: z.int().nonnegative(),
  content: z.string().min(1),
  special: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
});
const tokenizerSchema = z.looseObject({
  added_tokens: z.array(addedToken).default([]),
  model: z.looseObject({
    type: z.string().optional(),
    vocab: z.record(z.string(), z.int().nonnegative()),
    merges: z.array(z.union([z.string(), z.array(z.string())])),
    unk_token: z.string().nullish(),
  }),
});
const tokenName = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const namedTemplates = z.array(z.looseObject({ name: z.string(), template: z.string() }));
const configSchema = z.looseObject({
  bos_token: tokenName,
  eos_token: tokenName,
  pad_token: tokenName,
  unk_token: tokenName,
  chat_template: z.union([z.string(), namedTemplates]).nullish(),
});

export type AddedTokenDefinition = z.infer<typeof addedToken>;
export type TokenizerDefinition = z.infer<typeof tokenizerSchema>;

export interface TokenizerSource {
  readonly definition: TokenizerDefinition;
  readonly config: Readonly<Record<string, unknown>>;
  /** Spellings by role: `bos_token`, `eos_token`, `pad_token`, `unk_token`, as chat templates name them. */
  readonly namedTokens: Readonly<Record<string, string>>;
  /** Jinja. */
  readonly chatTemplate?: string;
}

/** Reads `tokenizer.json`, `tokenizer_config.json` and, if it exists, `chat_template.jinja`. Throws `TokenizerFileError`. */
export async function readTokenizerSource(
  files: TokenizerFiles,
  signal: AbortSignal,
): Promise<TokenizerSource> {
  const [tokenizerJson, configJson, chatTemplate] = await Promise.all([
    files.read('tokenizer.json', signal),
    files.read('tokenizer_config.json', signal),
    files.read('chat_template.jinja', signal),
  ]);
  if (tokenizerJson === undefined) throw new TokenizerFileError('tokenizer.json', 'it does not exist');
  return parseTokenizerSource(tokenizerJson, configJson ?? '{}', chatTemplate);
}

/** `chatTemplate`, the text of `chat_template.jinja`, goes before the template in the configuration. Throws `TokenizerFileError`. */
export function parseTokenizerSource(
  tokenizerJson: string,
  configJson: string,
  chatTemplate?: string,
): TokenizerSource {
  const definition = parsed('tokenizer.json', tokenizerJson, tokenizerSchema);
  const config = parsed('tokenizer_config.json', configJson, configSchema);
  if ((definition.model.type ?? 'BPE') !== 'BPE') {
    throw new TokenizerFileError('tokenizer.json', `its model is ${String(definition.model.type)}, not BPE`);
  }
  const template = chatTemplate ?? defaultTemplate(config.chat_template);
  const namedTokens: Record<string, string> = {};
  for (const role of ['bos_token', 'eos_token', 'pad_token', 'unk_token'] as const) {
    const token = config[role];
    if (token != null) namedTokens[role] = typeof token === 'string' ? token : token.content;
  }
  return { definition, config, namedTokens, ...(template !== undefined && { chatTemplate: template }) };
}

function defaultTemplate(templates: z.infer<typeof configSchema>['chat_template']): string | undefined {
  if (templates == null || typeof templates === 'string') return templates ?? undefined;
  return templates.find(({ name }) => name === 'default')?.template;
}

function parsed<T>(file: string, text: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new TokenizerFileError(file, 'it is not JSON', { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    const place = issue?.path.map(String).join('.') ?? '';
    throw new TokenizerFileError(file, `${place}: ${issue?.message ?? 'invalid'}`, { cause: result.error });
  }
  return result.data;
}
