export declare function packageFaults(names: readonly string[]): string[];
export declare function buildVsix(
  path?: string,
): Promise<{ path: string; bytes: number; files: { name: string; bytes: number }[] }>;
