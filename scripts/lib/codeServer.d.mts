export declare const quietSettings: Readonly<Record<string, unknown>>;
export declare function installExtension(options: { home: string; vsix: string }): Promise<void>;
export declare function writeUserSettings(options: {
  home: string;
  settings: Readonly<Record<string, unknown>>;
}): Promise<void>;
export declare function writeMachineSettings(options: {
  home: string;
  settings: Readonly<Record<string, unknown>>;
}): Promise<void>;
export declare function startCodeServer(options: {
  home: string;
  port?: number;
  trustEverything?: boolean;
  env?: Readonly<Record<string, string | undefined>>;
}): Promise<RunningCodeServer>;
export declare function folderAddress(origin: string, folder: string): string;

export interface RunningCodeServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly pid: number;
  readonly output: () => string;
  readonly ended: Promise<void>;
  readonly stop: () => Promise<void>;
}
