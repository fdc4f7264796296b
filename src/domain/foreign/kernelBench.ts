import type { DescribeFolder, FolderDescription, FolderFiles } from './foreignFolder';

const hourMs = 3_600_000;

/** True for the text of one problem: a class `Model` and the function `get_inputs`. */
export function isKernelBenchReference(text: string): boolean {
  return /^class[ \t]+Model\b/m.test(text) && /^def[ \t]+get_inputs\b/m.test(text);
}

export function definesModelNew(text: string): boolean {
  return /^(class[ \t]+ModelNew\b|ModelNew[ \t]*=)/m.test(text);
}

/** The problems of a folder, in the order of their levels and numbers. */
export function kernelBenchReferences(files: FolderFiles): readonly string[] {
  return files.paths
    .filter((path) => path.endsWith('.py') && path.split('/').length <= 3)
    .filter((path) => {
      const text = files.read(path);
      return text !== undefined && isKernelBenchReference(text) && !definesModelNew(text);
    })
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/**
 * The problem that a candidate solves: the only one of the folder, or the one that the candidate's file is named after: `19_ReLU.py` itself,
 * `19_ReLU_new.py`, or as KernelBench names samples, `level_1_problem_19_sample_0_kernel.py`. Undefined if several may be meant.
 * @param candidate its path, relative to the folder or not
 */
export function referenceOf(references: readonly string[], candidate: string): string | undefined {
  if (references.includes(candidate)) return candidate;
  if (references.length === 1) return references[0];
  const name = stemOf(candidate);
  const [, level, number] = /^level_(\d+)_problem_(\d+)(?:_|$)/.exec(name) ?? [];
  if (level !== undefined && number !== undefined) {
    const [only, other] = references.filter(
      (path) =>
        stemOf(path).startsWith(`${number}_`) && (!path.includes('/') || path.includes(`level${level}/`)),
    );
    return other === undefined ? only : undefined;
  }
  const fitting = references.filter(
    (path) => name === stemOf(path) || /^[^A-Za-z0-9]/.test(restAfter(name, stemOf(path))),
  );
  const longest = Math.max(...fitting.map((path) => stemOf(path).length));
  const [first, second] = fitting.filter((path) => stemOf(path).length === longest);
  return second === undefined ? first : undefined;
}

/** What follows the beginning; empty if the text does not begin so. */
function restAfter(text: string, beginning: string): string {
  return text.startsWith(beginning) ? text.slice(beginning.length) : '';
}

function stemOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
}

/** Files with `Model`, `get_inputs` and `get_init_inputs`; a program with `ModelNew` if there is one. */
export const describeKernelBench: DescribeFolder = (files) => {
  const references = kernelBenchReferences(files);
  if (references.length === 0) return undefined;
  const programs = files.paths
    .filter((path) => path.endsWith('.py') && path.split('/').length <= 3)
    .filter((path) => definesModelNew(files.read(path) ?? ''))
    .filter((path) => referenceOf(references, path) !== undefined)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const candidate = programs[0] ?? references[0] ?? '';
  const reference = referenceOf(references, candidate) ?? candidate;
  const texts = [files.read(reference) ?? '', files.read(candidate) ?? ''];
  const packages = ['torch', 'triton', 'numpy', 'einops'].filter(
    (name) =>
      name === 'torch' ||
      texts.some((text) => new RegExp(`^[ \\t]*(import|from)[ \\t]+${name}\\b`, 'm').test(text)),
  );
  const title = stemOf(reference).replaceAll('_', ' ').trim();
  const description: FolderDescription = {
    format: 'kernelbench',
    title,
    candidate,
    metric: { name: 'speedup', goal: 'maximize', unit: '×' },
    environment: { packages },
    limits: {
      timeMs: hourMs / 6,
      memoryBytes: 32 * 1024 ** 3,
      cpus: 4,
      gpus: 1,
      processes: 1024,
    },
    references: [{ label: 'PyTorch (eager)', value: 1 }],
    statement: statementOf(title, texts[0] ?? ''),
    notes: [
      'The program must have a class ModelNew with the interface of Model. limits.time counts for it and for the reference, each.',
      ...(programs.length === 0
        ? [
            `There is no program with ModelNew: it begins with ${candidate} itself, whose Model counts as long as it is unchanged.`,
          ]
        : []),
      ...(references.length > 1
        ? [
            `The folder has ${references.length} problems, and this file is for ${reference}. For another one change the candidate: its file ` +
              'name must begin with that of the problem, such as 19_ReLU_new.py for 19_ReLU.py.',
          ]
        : []),
      'With limits.gpus 0 all runs on the CPU, where times say nothing about a GPU.',
      'Remove environment if the python3 of the host has PyTorch already.',
    ],
  };
  return { description };
};

function statementOf(title: string, reference: string): string {
  return `# ${title}

Write \`ModelNew\`, a faster version of the PyTorch module \`Model\` below with the same interface: the same arguments for \`__init__\` and
\`forward\`, the same outputs, and the same parameters from the same random seed. Custom kernels (Triton, or CUDA through
\`torch.utils.cpp_extension.load_inline\`), fusion and better algorithms are allowed. Outputs in single precision may differ by 1e-4, absolute
and relative, for inputs of any seed. The score is the time of \`Model\` divided by the time of \`ModelNew\`.

\`\`\`\`python
${reference.trimEnd()}
\`\`\`\``;
}
