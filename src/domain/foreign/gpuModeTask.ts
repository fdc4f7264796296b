import { parseDocument } from 'yaml';
import * as z from 'zod';
import { normalPath } from '../problem/hostPlaces';
import { pythonText, type YamlValue } from './pythonText';

/** What `task.yml` of a GPU MODE problem says. */
export interface GpuModeTask {
  /** What the work folder of a stage holds. */
  readonly files: readonly TaskFile[];
  readonly program: PythonProgram | CudaProgram;
  readonly description: string;
  /** Language to path of a starter file. */
  readonly templates: Readonly<Record<string, string>>;
  readonly tests: readonly TaskCase[];
  readonly benchmarks: readonly TaskCase[];
  /** Wall time of each stage. */
  readonly timeoutMs: { readonly test: number; readonly benchmark: number; readonly ranked: number };
  readonly rankingBy: Ranking;
  /** Names of the GPUs that the task was made for, for example `H100`; often given elsewhere. */
  readonly gpus: readonly string[];
  readonly multiGpu: boolean;
  /** Keys that GPU MODE's own tools refuse. */
  readonly unknownKeys: readonly string[];
}

export interface TaskFile {
  /** In the work folder. */
  readonly name: string;
  /** Relative to the folder of `task.yml`, where it may go up; `@SUBMISSION@` is the program that is scored. */
  readonly source: string;
}

export const submissionMark = '@SUBMISSION@';

export interface PythonProgram {
  readonly kind: 'py';
  readonly main: string;
}

export interface CudaProgram {
  readonly kind: 'cu';
  readonly sources: readonly string[];
  readonly includeDirs: readonly string[];
  readonly libraries: readonly string[];
  /** Name to value. */
  readonly defines: readonly (readonly [string, string])[];
}

/** One set of arguments of the task's `generate_input`. */
export interface TaskCase {
  /** As the evaluator reads it: `seqlen: 32; bs: 1; nomask: True`. */
  readonly line: string;
  /** Product of the whole numbers but the seed: how large the case is beside others of the same list. */
  readonly size: number;
  readonly worldSize?: number;
}

export const rankings = ['last', 'mean', 'geom'] as const;
export type Ranking = (typeof rankings)[number];

const defaultTimeoutSeconds = 180;

const scalar = z.union([z.bigint(), z.number(), z.string(), z.boolean(), z.null()]);
const value: z.ZodType<YamlValue> = z.union([scalar, z.array(z.lazy(() => value))]);
const caseList = z
  .array(z.record(z.string(), value, 'A case is a mapping of arguments to numbers, words or lists of them'))
  .nullish();
const seconds = z.union([z.bigint(), z.number()]).transform(Number).pipe(z.number().positive()).nullish();
const text = z.union([z.string(), z.bigint().transform(String), z.number().transform(String)]);
const texts = z.array(text).nullish();
const taskSchema = z.looseObject({
  files: z.array(z.object({ name: z.string().min(1), source: z.string().min(1) })).min(1),
  lang: z.enum(['py', 'cu']).default('py'),
  config: z
    .object({
      main: z.string().nullish(),
      sources: texts,
      include_dirs: texts,
      defines: z.record(z.string(), z.union([scalar.transform(pythonText)])).nullish(),
      libraries: texts,
    })
    .nullish(),
  description: z.string(),
  templates: z.record(z.string(), z.string()).nullish(),
  tests: caseList,
  benchmarks: caseList,
  test_timeout: seconds,
  benchmark_timeout: seconds,
  ranked_timeout: seconds,
  ranking_by: z.enum(rankings).nullish(),
  gpus: texts,
  multi_gpu: z.boolean().nullish(),
  libraries: texts,
});
type RawTask = z.infer<typeof taskSchema>;

const knownKeys: ReadonlySet<string> = new Set([...Object.keys(taskSchema.shape), 'seed']);

/** Reads `task.yml`. The problems are sentences for people, each with the name of the file. */
export function readGpuModeTask(
  yaml: string,
): { readonly task: GpuModeTask } | { readonly problems: readonly string[] } {
  // As PyYAML reads it: YAML 1.1, the last of equal keys counts, whole numbers exact and apart from floats.
  const document = parseDocument(yaml, { version: '1.1', intAsBigInt: true, uniqueKeys: false });
  if (document.errors.length > 0) {
    const first = document.errors[0]?.message.split('\n')[0] ?? 'it is no YAML';
    return { problems: [`task.yml cannot be read: ${first.replace(/[.:]$/, '')}.`] };
  }
  const parsed = taskSchema.safeParse(document.toJS());
  if (!parsed.success) return { problems: parsed.error.issues.map(issueText) };
  const raw = parsed.data;
  const program = programOf(raw);
  if (typeof program === 'string') return { problems: [program] };
  const multiGpu = raw.multi_gpu ?? false;
  const tests = casesOf(raw.tests);
  const benchmarks = casesOf(raw.benchmarks);
  const problems = [...fileProblems(raw), ...caseProblems({ tests, benchmarks }, multiGpu)];
  if (problems.length > 0) return { problems };
  const timeoutMs = (value: number | null | undefined): number => (value ?? defaultTimeoutSeconds) * 1000;
  return {
    task: {
      files: raw.files,
      program,
      description: raw.description,
      templates: raw.templates ?? {},
      tests,
      benchmarks,
      timeoutMs: {
        test: timeoutMs(raw.test_timeout),
        benchmark: timeoutMs(raw.benchmark_timeout),
        ranked: timeoutMs(raw.ranked_timeout),
      },
      rankingBy: raw.ranking_by ?? 'last',
      gpus: raw.gpus ?? [],
      multiGpu,
      unknownKeys: Object.keys(raw).filter((key) => !knownKeys.has(key)),
    },
  };
}

/** The file that the program becomes in the work folder. */
export function submissionName(task: Pick<GpuModeTask, 'files'>): string {
  return task.files.find(({ source }) => source === submissionMark)?.name ?? 'submission.py';
}

function programOf({ lang, config, libraries, files }: RawTask): GpuModeTask['program'] | string {
  if (lang === 'py') {
    const main = config?.main ?? files.find(({ name }) => name === 'eval.py')?.name;
    if (main === undefined)
      return 'task.yml does not say what runs the cases: add config: { main: "eval.py" }.';
    if (!files.some(({ name }) => name === main))
      return `task.yml runs "${main}", which is not among its files: add it to files.`;
    return { kind: 'py', main };
  }
  const sources = config?.sources ?? [];
  if (sources.length === 0) return 'task.yml does not say what to compile: add config: { sources: [...] }.';
  const missing = sources.find((source) => !files.some(({ name }) => name === source));
  if (missing !== undefined)
    return `task.yml compiles "${missing}", which is not among its files: add it to files.`;
  return {
    kind: 'cu',
    sources,
    includeDirs: config?.include_dirs ?? [],
    libraries: [...(config?.libraries ?? []), ...(libraries ?? [])],
    defines: Object.entries(config?.defines ?? {}),
  };
}

function casesOf(list: RawTask['tests']): readonly TaskCase[] {
  return (list ?? []).map((args) => {
    const numbers = Object.entries(args).flatMap(([name, value]) =>
      typeof value === 'bigint' && name !== 'seed' ? [Math.abs(Number(value))] : [],
    );
    const world = args['world_size'];
    return {
      line: Object.entries(args)
        .map(([name, value]) => `${name}: ${pythonText(value)}`)
        .join('; '),
      size: numbers.reduce((product, number) => product * Math.max(1, number), 1),
      ...(typeof world === 'bigint' && { worldSize: Number(world) }),
    };
  });
}

function fileProblems({ files }: RawTask): string[] {
  const problems: string[] = [];
  for (const { name, source } of files) {
    const inside = normalPath(name);
    if (name.includes('\\') || inside === '' || inside.startsWith('/') || inside.split('/')[0] === '..')
      problems.push(`task.yml places a file at "${name}": names must lie within the work folder.`);
    if (source.startsWith('/') || source.includes('\\'))
      problems.push(
        `task.yml takes a file from "${source}": sources are relative to its folder, with forward slashes.`,
      );
  }
  if (!files.some(({ source }) => source === submissionMark))
    problems.push(
      `task.yml has no place for the program: one of its files needs source: "${submissionMark}".`,
    );
  return problems;
}

function caseProblems(
  lists: Readonly<Record<'tests' | 'benchmarks', readonly TaskCase[]>>,
  multiGpu: boolean,
): string[] {
  const problems: string[] = [];
  for (const [name, cases] of Object.entries(lists)) {
    for (const [index, { line, worldSize }] of cases.entries()) {
      // An evaluator reads a line a case, and calls an empty one a mistake.
      if (line === '' || /[\r\n]/.test(line))
        problems.push(`task.yml, ${name}[${index}]: a case needs arguments, each on one line.`);
      if (multiGpu && worldSize === undefined)
        problems.push(`task.yml, ${name}[${index}]: with multi_gpu each case needs world_size.`);
    }
  }
  return problems;
}

function issueText(issue: z.core.$ZodIssue): string {
  const place = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  const words = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return `task.yml${place === '' ? '' : `, ${place.replace(/^\./, '')}`}: ${words}.`;
}
