export declare function zipEntries(path: string): Promise<{ name: string; bytes: number }[]>;
