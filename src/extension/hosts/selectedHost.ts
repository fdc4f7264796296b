import type { Memento } from 'vscode';
import { hostKeyOf, type HostTarget } from '../../remote/hostClient';
import { Emitter, type Closeable, type Subscribe } from '../base/emitter';
import type { Settings } from '../base/settings';
import { labelOf, targetOfKey, targetOfSetting } from './hostTargets';
import { t } from '../base/translate';

const memoryKey = 'tttDiscover.selectedHost';

/** The host that this workspace uses: the user's choice, else the setting `defaultHost`, else none yet. */
export class SelectedHost implements Closeable {
  private readonly changes: Emitter<void>;
  readonly onDidChange: Subscribe<void>;

  constructor(
    private readonly memory: Pick<Memento, 'get' | 'update'>,
    private readonly settings: () => Settings,
    onError: (what: string, error: unknown) => void,
  ) {
    this.changes = new Emitter((error) => onError('selected host listener', error));
    this.onDidChange = this.changes.event;
  }

  get(): HostTarget | undefined {
    const remembered = this.memory.get<unknown>(memoryKey);
    const target = typeof remembered === 'string' ? targetOfKey(remembered) : undefined;
    if (target !== undefined) return target;
    const setting = this.settings().defaultHost;
    return setting === undefined ? undefined : targetOfSetting(setting);
  }

  label(): string {
    const target = this.get();
    return target === undefined ? t('not selected') : labelOf(target);
  }

  async set(target: HostTarget): Promise<void> {
    await this.memory.update(memoryKey, hostKeyOf(target));
    this.changes.fire();
  }

  /** Whether the user has chosen this host for the workspace; the setting is not the user's choice. */
  isChosen(hostKey: string): boolean {
    return this.memory.get<unknown>(memoryKey) === hostKey;
  }

  /** The setting decides again. */
  async clear(): Promise<void> {
    await this.memory.update(memoryKey, undefined);
    this.changes.fire();
  }

  /** The setting changed. */
  refresh(): void {
    this.changes.fire();
  }

  dispose(): void {
    this.changes.dispose();
  }
}
