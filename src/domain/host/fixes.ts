import type { HostFacts } from './hostFacts';
import type { Fix } from './hostReport';

/** Names of packages, by family of distributions. */
const packages = {
  'g++': { debian: 'g++', fedora: 'gcc-c++', suse: 'gcc-c++', arch: 'gcc', alpine: 'g++' },
  gcc: { debian: 'build-essential', fedora: 'gcc', suse: 'gcc', arch: 'base-devel', alpine: 'build-base' },
  numa: {
    debian: 'libnuma-dev',
    fedora: 'numactl-devel',
    suse: 'libnuma-devel',
    arch: 'numactl',
    alpine: 'numactl-dev',
  },
  git: { debian: 'git', fedora: 'git', suse: 'git', arch: 'git', alpine: 'git' },
  python: {
    debian: 'python3 python3-venv',
    fedora: 'python3',
    suse: 'python3',
    arch: 'python',
    alpine: 'python3',
  },
  venv: { debian: 'python3-venv', fedora: 'python3', suse: 'python3', arch: 'python', alpine: 'python3' },
  bubblewrap: {
    debian: 'bubblewrap',
    fedora: 'bubblewrap',
    suse: 'bubblewrap',
    arch: 'bubblewrap',
    alpine: 'bubblewrap',
  },
  crun: { debian: 'crun', fedora: 'crun', suse: 'crun', arch: 'crun', alpine: 'crun' },
  'util-linux': {
    debian: 'util-linux',
    fedora: 'util-linux',
    suse: 'util-linux',
    arch: 'util-linux',
    alpine: 'util-linux-misc setpriv',
  },
} as const;
export type PackageName = keyof typeof packages;

const installers = {
  debian: 'apt-get install -y',
  fedora: 'dnf install -y',
  suse: 'zypper install -y',
  arch: 'pacman -S --noconfirm',
  alpine: 'apk add',
} as const;
type Family = keyof typeof installers;

const families: Readonly<Record<string, Family>> = {
  debian: 'debian',
  ubuntu: 'debian',
  fedora: 'fedora',
  rhel: 'fedora',
  centos: 'fedora',
  amzn: 'fedora',
  suse: 'suse',
  opensuse: 'suse',
  sles: 'suse',
  arch: 'arch',
  alpine: 'alpine',
};

export function familyOf({ distribution }: Pick<HostFacts, 'distribution'>): Family | undefined {
  const known = distribution?.families.find((id) => Object.hasOwn(families, id));
  return known === undefined ? undefined : families[known];
}

/** A command for the administrator. */
export function asAdministrator({ isRoot }: Pick<HostFacts, 'isRoot'>, command: string): string {
  return isRoot ? command : `sudo ${command}`;
}

export function installFix(facts: HostFacts, name: PackageName, what: string): Fix {
  const family = familyOf(facts);
  if (family === undefined) return { text: `Install ${what}, or ask the administrator of the host to.` };
  return {
    text: facts.isRoot
      ? `Install ${what}.`
      : `Install ${what}; where you may not, ask the administrator of the host.`,
    command: asAdministrator(facts, `${installers[family]} ${packages[name][family]}`),
  };
}

export const uvFix: Fix = {
  text: 'Install uv into your home folder; it needs no administrator.',
  command: 'curl -LsSf https://astral.sh/uv/install.sh | sh',
};

export const rustFix: Fix = {
  text: 'Install Rust into your home folder; it needs no administrator.',
  command: "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y",
};

/** A folder that sessions do not search: they see what a shell sees that is not interactive. */
export function pathFix({ shell }: Pick<HostFacts, 'shell'>, program: string): Fix {
  const folder = program.slice(0, program.lastIndexOf('/'));
  const text = `Add ${folder} to PATH for shells that are not interactive, then connect to the host again.`;
  if (!/^[\w./+-]+$/.test(folder)) return { text };
  const line = `export PATH="${folder}:$PATH"`;
  switch (shell) {
    case 'bash':
      // Many a .bashrc ends early where the shell is not interactive: it must stand first.
      return {
        text,
        command: `touch ~/.bashrc && printf '%s\\n' '${line}' "$(cat ~/.bashrc)" >~/.bashrc.new && mv ~/.bashrc.new ~/.bashrc`,
      };
    case 'zsh':
      return { text, command: `echo '${line}' >>~/.zshenv` };
    case 'fish':
      return { text, command: `fish_add_path ${folder}` };
    default:
      return { text };
  }
}
