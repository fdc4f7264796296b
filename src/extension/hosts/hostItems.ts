import type { HostTarget } from '../../remote/hostClient';
import type { HostState } from './hostConnections';
import type { HostNotice } from './hostList';
import { labelOf } from './hostTargets';
import type { WindowPlace } from './windowPlace';
import { t } from '../base/translate';

/** A row of the Hosts view, before it becomes a tree item. */
export interface HostItem {
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly icon: string;
  /** What a screen reader says in place of label and description. */
  readonly accessibleLabel: string;
  /** Flags for `when` clauses, separated by spaces. */
  readonly contextValue: string;
}

export function hostItem(
  target: HostTarget,
  state: HostState,
  isSelected: boolean,
  place: Pick<WindowPlace, 'localLabel' | 'localNote' | 'localTooltip' | 'ownAlias'>,
): HostItem {
  const label = target.kind === 'local' ? place.localLabel : target.alias;
  // How it stands comes first: a narrow side bar cuts off the end.
  const words = [stateWords(state), isSelected ? 'selected' : undefined, noteOf(target, place)].filter(
    (part) => part !== undefined,
  );
  return {
    label,
    description: words.join(' · '),
    tooltip: [tooltipOf(label, state), whereOf(target, place)].filter(Boolean).join('\n'),
    icon: iconOf(target, state),
    accessibleLabel: t('Host {0}, {1}', labelOf(target), words.join(', ')),
    contextValue: flagsOf(target, state).join(' '),
  };
}

type Place = Parameters<typeof hostItem>[3];

function noteOf(target: HostTarget, place: Place): string | undefined {
  if (target.kind === 'local') return place.localNote;
  return target.alias === place.ownAlias ? t("this window's host") : undefined;
}

function whereOf(target: HostTarget, place: Place): string | undefined {
  if (target.kind === 'local') return place.localTooltip;
  return target.alias === place.ownAlias
    ? t(
        'This window is on it already. A connection from here is a second login, which may ask for passwords and codes again.',
      )
    : undefined;
}

/** What stands where SSH hosts would, and what a click on it opens. */
export function noticeItem(notice: HostNotice): HostItem {
  const { configPath } = notice;
  if (notice.kind === 'unreadable') {
    return {
      label: t('The SSH configuration cannot be read'),
      description: configPath,
      tooltip: [notice.message, notice.advice].filter(Boolean).join('\n'),
      icon: 'warning',
      accessibleLabel: t('{0} {1} Opens the file.', notice.message, notice.advice),
      contextValue: 'notice',
    };
  }
  const why = notice.kind === 'no-config' ? t('there is no {0}', configPath) : t('none in {0}', configPath);
  return {
    label: t('Add an SSH host…'),
    description: why,
    tooltip: t(
      'Every host that "ssh NAME" reaches can run sessions: write it into {0}, and it appears here. Sessions run on this machine without it.',
      configPath,
    ),
    icon: 'add',
    accessibleLabel: t('Add an SSH host, {0}. Opens the SSH configuration.', why),
    contextValue: 'notice',
  };
}

function stateWords(state: HostState): string {
  switch (state.state) {
    case 'disconnected':
      return t('not connected');
    case 'connecting':
      return 'connecting…';
    case 'connected':
      return 'connected';
    case 'failed':
      return t('error: {0}', state.message);
  }
}

function tooltipOf(label: string, state: HostState): string {
  switch (state.state) {
    case 'connected':
      return `${label}: ${state.description}`;
    case 'failed':
      return [`${label}: ${state.message}`, state.advice].filter(Boolean).join('\n');
    default:
      return `${label}: ${stateWords(state)}`;
  }
}

function iconOf(target: HostTarget, state: HostState): string {
  if (state.state === 'connecting') return 'loading~spin';
  if (state.state === 'failed') return 'error';
  if (target.kind === 'local') return 'vm';
  return state.state === 'connected' ? 'vm-active' : 'vm-outline';
}

function flagsOf(target: HostTarget, state: HostState): string[] {
  const isOpen = state.state === 'connected' || state.state === 'connecting';
  return ['host', isOpen ? 'canDisconnect' : 'canConnect', ...(target.kind === 'ssh' ? ['canForget'] : [])];
}
