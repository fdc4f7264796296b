import type { HostFacts } from '../../../domain/host/hostFacts';
import type { Fix } from '../../../domain/host/hostReport';
import { renderReport, reportOf } from '../../../domain/host/reportText';
import { hostKeyOf, type HostTarget } from '../../../remote/hostClient';
import { labelOf, targetOfKey } from '../hostTargets';
import { t } from '../../base/translate';

/** Documents of reports; the editor shows them read-only. */
export const reportScheme = 'discover-host';

/** Parts of a report's address: a path that makes a good tab title, and the host's key. */
export function reportAddress(target: HostTarget): { readonly path: string; readonly query: string } {
  return { path: `/${labelOf(target).replaceAll(/[/\\]/g, '-')}.md`, query: hostKeyOf(target) };
}

export function targetOfAddress(address: {
  readonly scheme: string;
  readonly query: string;
}): HostTarget | undefined {
  return address.scheme === reportScheme ? targetOfKey(address.query) : undefined;
}

export interface ReportFix {
  /** Where it stands in the text, from 0. */
  readonly line: number;
  /** What is missing. */
  readonly title: string;
  readonly text: string;
  readonly ways: readonly FixWay[];
}

/** A button: something done in the editor, never on the host by itself. */
export type FixWay =
  | { readonly kind: 'terminal' | 'copy'; readonly label: string; readonly command: string }
  | { readonly kind: 'setting'; readonly label: string; readonly key: string };

export interface ShownReport {
  readonly text: string;
  readonly fixes: readonly ReportFix[];
}

/**
 * The report as a document. It is made here from the facts alone: a host has no say in which command is offered.
 *
 * @param hasTerminal whether a terminal of this window can reach the host.
 */
export function shownReport(target: HostTarget, facts: HostFacts, hasTerminal: boolean): ShownReport {
  const { text, fixes } = renderReport(reportOf(facts), t('Host {0}', labelOf(target)));
  return {
    text,
    fixes: fixes.flatMap(({ line, title, fix }) => {
      const ways = waysOf(fix, hasTerminal);
      return ways.length === 0 ? [] : [{ line, title, text: fix.text, ways }];
    }),
  };
}

/** Of a window that was loaded again: what was found is not kept, since it changes. */
export function forgottenReport(target: HostTarget): ShownReport {
  return {
    text: [
      t('# Host {0}', labelOf(target)),
      '',
      t('This window has not looked at the host yet. Choose Check Again above.'),
      '',
    ].join('\n'),
    fixes: [],
  };
}

function waysOf({ text, command }: Fix, hasTerminal: boolean): FixWay[] {
  const key = /`(tttDiscover\.[\w.]+)`/.exec(text)?.[1];
  const terminal: FixWay[] =
    command === undefined || !hasTerminal
      ? []
      : [{ kind: 'terminal', label: t('Open in Terminal'), command }];
  const copy: FixWay[] = command === undefined ? [] : [{ kind: 'copy', label: t('Copy Command'), command }];
  const setting: FixWay[] = key === undefined ? [] : [{ kind: 'setting', label: t('Open Setting'), key }];
  return [...terminal, ...copy, ...setting];
}
