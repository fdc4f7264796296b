import { parse } from 'yaml';
import * as z from 'zod';

/** What OpenEvolve's `config.yaml` says about an evaluation; its other keys steer OpenEvolve's own search. */
export interface OpenEvolveConfig {
  /** `evaluator.timeout`: of each stage. OpenEvolve's own default is 300 s. */
  readonly timeoutMs?: number;
  /** `evaluator.cascade_evaluation`. */
  readonly cascade: boolean;
  /** `evaluator.cascade_thresholds`: what stage 1 must reach for stage 2, stage 2 for stage 3. */
  readonly thresholds: readonly number[];
  /** `evaluator.enable_artifacts` and `prompt.include_artifacts`. */
  readonly artifacts: boolean;
  /** `prompt.max_artifact_bytes`, of each artifact; counted in characters, as OpenEvolve does. */
  readonly mostArtifactCharacters: number;
  /** `database.feature_dimensions`: metrics with these names do not count in the mean. */
  readonly featureDimensions: readonly string[];
  /** `prompt.system_message`. */
  readonly systemMessage?: string;
  /** `evaluator.use_llm_feedback`. */
  readonly llmFeedback: boolean;
  /** `evaluator.memory_limit_mb` and `evaluator.cpu_limit`, which OpenEvolve declares and does not keep. */
  readonly memoryBytes?: number;
  readonly cpus?: number;
}

export const openEvolveDefaults: OpenEvolveConfig = {
  cascade: true,
  thresholds: [0.5, 0.75, 0.9],
  artifacts: true,
  mostArtifactCharacters: 20 * 1024,
  featureDimensions: ['complexity', 'diversity'],
  llmFeedback: false,
};

/** OpenEvolve's own default of `evaluator.timeout`. */
export const openEvolveTimeoutMs = 300_000;

const positive = z.number().positive();
const section = <Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodOptional<z.ZodNullable<z.ZodObject<Shape>>> => z.object(shape).nullable().optional();
const configSchema = z
  .object({
    prompt: section({
      system_message: z.string().nullish(),
      include_artifacts: z.boolean().nullish(),
      max_artifact_bytes: z.number().int().nonnegative().nullish(),
    }),
    database: section({ feature_dimensions: z.array(z.string()).nullish() }),
    evaluator: section({
      timeout: positive.nullish(),
      cascade_evaluation: z.boolean().nullish(),
      cascade_thresholds: z.array(z.number()).nullish(),
      enable_artifacts: z.boolean().nullish(),
      use_llm_feedback: z.boolean().nullish(),
      memory_limit_mb: positive.nullish(),
      cpu_limit: positive.nullish(),
    }),
  })
  .nullable();

export type ReadConfig =
  | { readonly ok: true; readonly config: OpenEvolveConfig }
  /** `problem` is one sentence without the file's name: `evaluator.timeout: …`. */
  | { readonly ok: false; readonly problem: string };

export function readOpenEvolveConfig(text: string): ReadConfig {
  let value: unknown;
  try {
    value = parseAsPythonDoes(text);
  } catch (error) {
    return {
      ok: false,
      problem: `it is not YAML: ${error instanceof Error ? firstLine(error.message) : String(error)}`,
    };
  }
  const parsed = configSchema.safeParse(value ?? null);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = issue?.path.map(String).join('.');
    return {
      ok: false,
      problem: `${place === undefined || place === '' ? 'it' : place}: ${issue?.message ?? 'is malformed'}`,
    };
  }
  const { prompt, database, evaluator } = parsed.data ?? {};
  const systemMessage = prompt?.system_message?.trim();
  return {
    ok: true,
    config: {
      ...(evaluator?.timeout == null ? {} : { timeoutMs: Math.max(1, Math.round(evaluator.timeout * 1000)) }),
      cascade: evaluator?.cascade_evaluation ?? openEvolveDefaults.cascade,
      thresholds: evaluator?.cascade_thresholds ?? openEvolveDefaults.thresholds,
      artifacts: (evaluator?.enable_artifacts ?? true) && (prompt?.include_artifacts ?? true),
      mostArtifactCharacters: prompt?.max_artifact_bytes ?? openEvolveDefaults.mostArtifactCharacters,
      featureDimensions: database?.feature_dimensions ?? openEvolveDefaults.featureDimensions,
      ...(systemMessage === undefined || systemMessage === '' ? {} : { systemMessage }),
      llmFeedback: evaluator?.use_llm_feedback ?? false,
      ...(evaluator?.memory_limit_mb == null
        ? {}
        : { memoryBytes: Math.ceil(evaluator.memory_limit_mb * 1024 ** 2) }),
      ...(evaluator?.cpu_limit == null ? {} : { cpus: Math.max(1, Math.ceil(evaluator.cpu_limit)) }),
    },
  };
}

/** Python's reader takes quoted text over several lines whose later lines are indented less than YAML demands; their indentation means nothing. */
function parseAsPythonDoes(text: string): unknown {
  try {
    return parse(text, { logLevel: 'error' });
  } catch (error) {
    const indented = text.replace(
      /^([ ]*[\w-]+:[ ]*)"((?:[^"\\]|\\[\s\S])*)"/gm,
      (_, key: string, quoted: string) =>
        `${key}"${quoted.replace(/\n(?=[^\n])/g, `\n${' '.repeat(key.length)}`)}"`,
    );
    if (indented === text) throw error;
    return parse(indented, { logLevel: 'error' });
  }
}

/** The configuration among the files of a folder: `config.yaml`, or what is named like one; the first by name. */
export function openEvolveConfigPath(paths: readonly string[]): string | undefined {
  const named = paths.filter((path) => /^config[^/]*\.ya?ml$/.test(path)).sort();
  return named.find((path) => path === 'config.yaml' || path === 'config.yml') ?? named[0];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
