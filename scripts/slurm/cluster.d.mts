export declare function startSlurm(options: {
  folder: string;
  cpusPerNode?: number;
  nodes?: readonly string[];
  /** The first node says that it has two GPUs. */
  hasGpus?: boolean;
  /** Jobs are held to their memory by cgroups (version 1, mounted for writing). */
  limitsMemory?: boolean;
}): Promise<SlurmCluster>;

export interface SlurmCluster {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly nodes: readonly string[];
  /** Runs a program of Slurm to its end; rejects where it fails. */
  run(program: string, ...args: readonly string[]): Promise<{ readonly stdout: string }>;
  /** Kills the daemon of a node; the jobs there live on. */
  killNode(node: string): Promise<void>;
  startNode(node: string): void;
  untilIdle(): Promise<void>;
  close(): Promise<void>;
}
