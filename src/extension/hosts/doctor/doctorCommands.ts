import { commands, env, window } from 'vscode';
import * as z from 'zod';
import type { HostTarget } from '../../../remote/hostClient';
import { Cancelled, Refusal } from '../../base/failures';
import { withNotification } from '../../base/progress';
import type { Settings } from '../../base/settings';
import { requireTrust } from '../../base/trust';
import type { CommandHandlers } from '../../commandIds';
import type { HostConnections } from '../hostConnections';
import { labelOf, targetOfKey } from '../hostTargets';
import { terminalOptions } from '../hostTerminal';
import { fixTerminal } from './fixTerminal';
import type { FixWay, ReportFix } from './hostReport';
import type { ReportDocuments } from './reportDocuments';
import { t } from '../../base/translate';

export interface DoctorCommandsContext {
  readonly connections: Pick<HostConnections, 'connect'>;
  readonly reports: Pick<ReportDocuments, 'show' | 'get' | 'activeTarget'>;
  readonly settings: () => Pick<Settings, 'sshPath' | 'sshConfigFile'>;
  /** A host key or a row of the Hosts view; else the user is asked. */
  readonly chooseTarget: (args: readonly unknown[], title: string) => Promise<HostTarget>;
}

const place = z.int().min(0);

/**
 * `checkHost`: a host key or a row of the Hosts view. `fixHost`: a host key, the number of the fix in its report, the number of its way; what is
 * not given is asked for, so that the keyboard reaches every button.
 */
export function doctorCommands(
  context: DoctorCommandsContext,
): Pick<CommandHandlers, 'checkHost' | 'fixHost'> {
  const { connections, reports } = context;
  return {
    async checkHost(...args) {
      requireTrust(t('Checking a host runs programs there.'));
      const target = await context.chooseTarget(args, t('Check which host?'));
      const reply = await withNotification(t('Checking {0}', labelOf(target)), async (report, signal) => {
        const client = await connections.connect(target, signal, report);
        report(t('looking at GPUs, disks and programs'));
        return client.examine(signal);
      });
      await reports.show(target, reply.facts);
    },
    async fixHost(hostKey, fixNumber, wayNumber) {
      const target = typeof hostKey === 'string' ? targetOfKey(hostKey) : reports.activeTarget();
      const report = target === undefined ? undefined : reports.get(target);
      if (target === undefined || report === undefined) {
        const remedy = { title: t('Check Host'), command: 'checkHost' as const };
        throw new Refusal(t('Check a host first: its report says what can be fixed.'), remedy);
      }
      const fix = at(report.fixes, fixNumber) ?? (await pickFix(target, report.fixes));
      const way = at(fix.ways, wayNumber) ?? (await pickWay(fix));
      await follow(target, way, context.settings());
    },
  };
}

function at<T>(list: readonly T[], number: unknown): T | undefined {
  const parsed = place.safeParse(number);
  return parsed.success ? list[parsed.data] : undefined;
}

async function pickFix(target: HostTarget, fixes: readonly ReportFix[]): Promise<ReportFix> {
  if (fixes.length === 0)
    throw new Refusal(t('Nothing is missing on {0} that a command could bring.', labelOf(target)));
  const items = fixes.map((fix) => ({ label: fix.title, detail: fix.text, fix }));
  const title = t('What is missing on {0}', labelOf(target));
  const chosen = await window.showQuickPick(items, { title, matchOnDetail: true });
  if (chosen === undefined) throw new Cancelled();
  return chosen.fix;
}

async function pickWay({ title, ways }: ReportFix): Promise<FixWay> {
  const [only, ...others] = ways;
  if (only !== undefined && others.length === 0) return only;
  const items = ways.map((way) => ({
    label: way.label,
    description: way.kind === 'setting' ? way.key : way.command,
    way,
  }));
  const chosen = await window.showQuickPick(items, { title });
  if (chosen === undefined) throw new Cancelled();
  return chosen.way;
}

async function follow(
  target: HostTarget,
  way: FixWay,
  ssh: Pick<Settings, 'sshPath' | 'sshConfigFile'>,
): Promise<void> {
  if (way.kind === 'setting') {
    await commands.executeCommand('workbench.action.openSettings', way.key);
    return;
  }
  if (way.kind === 'copy') {
    await env.clipboard.writeText(way.command);
    void window.showInformationMessage(t('Copied. Run it on {0}.', labelOf(target)));
    return;
  }
  const { typed, ...shown } = fixTerminal(target, way.command, ssh);
  const terminal = window.createTerminal(terminalOptions(shown));
  terminal.show();
  if (typed !== undefined) {
    terminal.sendText(typed, false);
    return;
  }
  await env.clipboard.writeText(way.command);
  void window.showInformationMessage(
    t('The command is copied: paste it when you are logged in to {0}.', labelOf(target)),
  );
}
