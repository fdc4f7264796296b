import type { FolderFiles } from './foreignFolder';
import { pythonRequirements } from './pythonRequirements';

/** Import name to the name of the package on PyPI, for what such folders use most. Others are for the user to name. */
const wellKnown: ReadonlyMap<string, string> = new Map([
  ['numpy', 'numpy'],
  ['scipy', 'scipy'],
  ['sklearn', 'scikit-learn'],
  ['pandas', 'pandas'],
  ['torch', 'torch'],
  ['jax', 'jax'],
  ['numba', 'numba'],
  ['sympy', 'sympy'],
  ['networkx', 'networkx'],
  ['matplotlib', 'matplotlib'],
  ['yaml', 'pyyaml'],
  ['PIL', 'pillow'],
  ['cv2', 'opencv-python-headless'],
  ['psutil', 'psutil'],
  ['tqdm', 'tqdm'],
  ['requests', 'requests'],
]);

/** What the folder's programs need installed: its requirements.txt, else what the given Python texts import and is well known. */
export function packagesOf(
  files: FolderFiles,
  ...programs: readonly string[]
): { readonly packages: readonly string[]; readonly notes: readonly string[] } {
  const requirements = files.read('requirements.txt');
  if (requirements !== undefined) {
    const { packages, others } = pythonRequirements(requirements);
    const notes =
      others.length === 0 ? [] : [`Lines of requirements.txt that are left out: ${others.join('; ')}.`];
    return {
      packages: packages.filter((line) => !/^(openevolve|shinka|shinka-evolve)\b/i.test(line)),
      notes,
    };
  }
  const imported = new Set(
    programs.flatMap((text) =>
      [...text.matchAll(/^[ \t]*(?:import|from)[ \t]+(\w+)/gm)].map(([, name = '']) => name),
    ),
  );
  const packages = [...wellKnown].filter(([name]) => imported.has(name)).map(([, wanted]) => wanted);
  const notes =
    packages.length === 0
      ? []
      : ['There is no requirements.txt: the packages are guessed from what is imported.'];
  return { packages, notes };
}
