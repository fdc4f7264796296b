import { hostKeyOf, type HostTarget } from '../../remote/hostClient';
import type { HostState } from './hostConnections';
import { labelOf } from './hostTargets';

/** A row of the Hosts view, before it becomes a tree item. */
export interface HostItem {
  readonly hostKey: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly icon: string;
  readonly accessibleLabel: string;
  /** Flags for `when` clauses, separated by spaces. */
  readonly contextValue: string;
}

export function hostItem(target: HostTarget, state: HostState, isSelected: boolean): HostItem {
  const label = target.kind === 'local' ? 'This machine' : target.alias;
  const words = stateWords(state);
  const description = isSelected ? `${words} · selected` : words;
  return {
    hostKey: hostKeyOf(target),
    label,
    description,
    tooltip: tooltipOf(label, state),
    icon: iconOf(target, state),
    accessibleLabel: `Host ${labelOf(target)}, ${words}${isSelected ? ', selected' : ''}`,
    contextValue: flagsOf(target, state).join(' '),
  };
}

function stateWords(state: HostState): string {
  switch (state.state) {
    case 'disconnected':
      return 'not connected';
    case 'connecting':
      return 'connecting…';
    case 'connected':
      return 'connected';
    case 'failed':
      return `error: ${state.message}`;
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
  return [
    'host',
    isOpen ? 'canDisconnect' : 'canConnect',
    ...(target.kind === 'ssh' ? ['canForgetKey'] : []),
  ];
}
