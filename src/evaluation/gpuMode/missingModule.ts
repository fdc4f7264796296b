interface Module {
  readonly what: string;
  /** For `pip install`. */
  readonly install?: string;
  readonly hardware?: string;
}

const modules: Readonly<Record<string, Module>> = {
  torch: { what: 'PyTorch', install: 'torch' },
  triton: { what: 'Triton', install: 'triton', hardware: 'an NVIDIA or AMD GPU' },
  cutlass: {
    what: "NVIDIA's CUTLASS DSL",
    install: 'nvidia-cutlass-dsl',
    hardware: 'NVIDIA B200 for NVFP4 (no H100 has it)',
  },
  aiter: { what: "AMD's AI Tensor Engine for ROCm", hardware: 'AMD MI300 or MI355X' },
  helion: { what: 'Helion', install: 'helion', hardware: 'NVIDIA B200 or AMD MI355X' },
  cupy: { what: 'CuPy', install: 'cupy-cuda12x', hardware: 'an NVIDIA GPU' },
};

/** What lacks, for people: the module, what it is, and the hardware that it or the task wants. */
export function lackOf(name: string, importedBy: string | undefined, gpus: readonly string[]): string {
  const module = modules[name];
  const what = module === undefined ? '' : ` (${module.what})`;
  const by = importedBy === undefined ? '' : `, which ${importedBy} imports`;
  const hardware = gpus.length > 0 ? gpus.join(', ') : module?.hardware;
  const wanted = hardware === undefined ? '' : ` It is for ${hardware}.`;
  return `This host's Python has no module "${name}"${what}${by}.${wanted}`;
}

export function installAdvice(names: readonly string[]): string {
  const packages = names.flatMap((name) => {
    const module = modules[name];
    return module === undefined ? [name] : (module.install ?? []);
  });
  return packages.length < names.length
    ? 'Install it for the python3 of the host as its makers say; no package of an index has it.'
    : `Install it for the python3 of the host (python3 -m pip install ${packages.join(' ')}), or name it under environment: packages in the problem file.`;
}

/** From the end of a run's output; undefined if no module was missing. */
export function moduleWords(output: string, gpus: readonly string[]): string | undefined {
  const names = [...output.matchAll(/^ModuleNotFoundError: No module named '([\w.]+)'/gm)];
  const name = names.at(-1)?.[1]?.split('.')[0];
  return name === undefined ? undefined : lackOf(name, undefined, gpus);
}
