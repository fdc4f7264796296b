import { asAdministrator, installFix } from './fixes';
import type { HostFacts } from './hostFacts';
import type { Fix, Need } from './hostReport';
import { packagedProgram, unseenText } from './needs';

const withoutSandbox = 'sessions begin only if you agree that programs run with all rights of your account';

/**
 * What keeps evaluations apart from the rest of the host: bubblewrap, or else a sandbox of our own, or a container. Without any they run only where
 * their user agreed to that.
 */
export function isolationNeeds(facts: HostFacts): Need[] {
  const { processNamespace, userNamespace } = facts.isolation;
  const inside = 'evaluations have a process namespace of their own';
  const without = 'their processes are found by descent and mark instead';
  const tools = packagedProgram(facts, ['setpriv'], 'setpriv', 'util-linux');
  const missingTool = [tools, packagedProgram(facts, ['unshare'], 'unshare', 'util-linux')].find(
    ({ state }) => state === 'missing',
  );
  const needs: Need[] = [
    processNamespace.state === 'found'
      ? { title: 'process namespace', state: 'ok', detail: inside }
      : {
          title: 'process namespace',
          state: 'warning',
          detail: `${unseenText(processNamespace, 'the trial')}; ${without}`,
          fix: missingTool?.fix ?? namespaceFix(facts),
        },
    userNamespace.state === 'found'
      ? { title: 'user namespaces', state: 'ok', detail: 'allowed' }
      : {
          title: 'user namespaces',
          state: 'warning',
          detail: unseenText(userNamespace, 'the trial'),
          fix: namespaceFix(facts),
        },
  ];
  return [...needs, sandboxNeed(facts)];
}

/** Which one is used, and why not the better one. Nodes of a cluster may have another one, or none. */
function sandboxNeed(facts: HostFacts): Need {
  const need = sandboxHere(facts);
  if (facts.slurm.state !== 'found') return need;
  return {
    ...need,
    detail: `${need.detail}. That is this host: with executor: slurm each job looks at its own node, and the session's report says what it found`,
  };
}

function sandboxHere(facts: HostFacts): Need {
  const { bubblewrap, ownSandbox, container } = facts.isolation;
  const title = 'sandbox';
  if (bubblewrap.state === 'found')
    return { title, state: 'ok', detail: 'bubblewrap works: evaluations are isolated by it' };
  const isAbsent = facts.programs.bwrap.state === 'absent';
  const why = isAbsent ? 'no bwrap' : unseenText(bubblewrap, 'bwrap');
  if (ownSandbox.state === 'found') {
    const { language, hasUserNamespace } = ownSandbox.value;
    const rights = hasUserNamespace ? '' : ', without a user namespace, as root without rights';
    return {
      title,
      state: 'ok',
      detail: `${why}: evaluations are isolated by the same namespaces, made with ${language}${rights}`,
    };
  }
  const whyNotOwn = unseenText(ownSandbox, 'namespaces without it');
  if (container?.state === 'found') {
    const { runtime } = container.value;
    const more = runtime === 'runc' ? ', in which programs see themselves as root, without rights' : '';
    return {
      title,
      state: 'ok',
      detail: `${why}; ${whyNotOwn}: evaluations are isolated in containers of ${runtime}${more}; they always start cold`,
    };
  }
  const whyNotContainer = container === undefined ? [] : [unseenText(container, 'the trial of a container')];
  return {
    title,
    state: 'warning',
    detail: [why, whyNotOwn, ...whyNotContainer, withoutSandbox].join('; '),
    fix: sandboxFix(facts, isAbsent),
  };
}

function sandboxFix(facts: HostFacts, isAbsent: boolean): Fix {
  const { obstacles, container } = facts.isolation;
  if (obstacles.includes('apparmor') && container?.state === 'absent') {
    const crun = installFix(facts, 'crun', 'crun');
    return {
      ...crun,
      text: `${crun.text} AppArmor forbids user namespaces here (Ubuntu 23.10 and newer), but not to the programs that it has a profile for: crun is one from Ubuntu 24.04 on, bubblewrap is not everywhere.`,
    };
  }
  // Nothing that is installed helps where the kernel lets nobody make them.
  return isAbsent && obstacles.length === 0
    ? installFix(facts, 'bubblewrap', 'bubblewrap')
    : namespaceFix(facts);
}

function namespaceFix(facts: HostFacts): Fix {
  const { obstacles } = facts.isolation;
  const set = (name: string, value: number): string => asAdministrator(facts, `sysctl -w ${name}=${value}`);
  if (obstacles.includes('apparmor')) {
    return {
      text: 'AppArmor forbids user namespaces here (Ubuntu 23.10 and newer). An administrator can allow them.',
      command: set('kernel.apparmor_restrict_unprivileged_userns', 0),
    };
  }
  if (obstacles.includes('unprivileged-clone')) {
    return {
      text: 'The kernel allows user namespaces to root alone. An administrator can allow them.',
      command: set('kernel.unprivileged_userns_clone', 1),
    };
  }
  if (obstacles.includes('no-user-namespaces')) {
    return {
      text: 'The number of user namespaces is set to 0. An administrator can allow them.',
      command: set('user.max_user_namespaces', 15_000),
    };
  }
  return {
    text: 'Inside a container the container must allow it (for Docker: --security-opt seccomp=unconfined --security-opt systempaths=unconfined).',
  };
}
