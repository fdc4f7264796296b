// Programs that come from the system, not from npm: found by looking for the program itself, installed by apt
// as root, otherwise by the person, who gets the one line to run.
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { CommandFailed, findProgram, run } from './processes.mjs';
import { timed } from './progress.mjs';

/** Chromium or a relative of it; `CHROMIUM=/path` wins. */
export function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
  const macOs = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
  const found = process.env.CHROMIUM ?? names.map(findProgram).find(Boolean);
  return found ?? (existsSync(macOs) ? macOs : undefined);
}

/** sshd must be started by its full path, and is often outside a user's PATH. */
export function findSshd() {
  return findDaemon('sshd');
}

const slurmPrograms = ['sbatch', 'slurmctld', 'slurmd', 'munge', 'munged'];

/** The full path of a program that may lie where a user's PATH does not look. */
function findDaemon(name) {
  const paths = ['/usr/sbin', '/usr/local/sbin'].map((folder) => `${folder}/${name}`);
  return findProgram(name) ?? paths.find((path) => existsSync(path));
}

async function pythonCanMakeEnvironments() {
  if (findProgram('python3') === undefined) return false;
  if (findProgram('uv') !== undefined) return true;
  return (await run('python3', ['-c', 'import ensurepip, venv'], { allowFailure: true })).code === 0;
}

/** What may be asked for: how it is recognised, and the Debian packages that bring it. */
export const systemNeeds = {
  python: {
    what: 'Python 3 with venv (or uv)',
    present: pythonCanMakeEnvironments,
    packages: ['python3', 'python3-venv'],
  },
  ssh: { what: 'the OpenSSH client', present: () => findProgram('ssh'), packages: ['openssh-client'] },
  ps: { what: 'ps, the list of processes', present: () => findProgram('ps'), packages: ['procps'] },
  bubblewrap: {
    what: 'bubblewrap, which isolates evaluations',
    present: () => process.platform !== 'linux' || findProgram('bwrap') !== undefined,
    packages: ['bubblewrap'],
  },
  // One each: where Docker's own runc is, Debian's package would put Docker out.
  crun: {
    what: 'crun, which isolates evaluations where bubblewrap may not',
    present: () => process.platform !== 'linux' || findDaemon('crun') !== undefined,
    packages: ['crun'],
  },
  runc: {
    what: 'runc, which does so as well',
    present: () => process.platform !== 'linux' || findDaemon('runc') !== undefined,
    packages: ['runc'],
  },
  sshd: {
    what: 'the OpenSSH server (started by the tests on loopback only)',
    present: findSshd,
    packages: ['openssh-server'],
  },
  shells: {
    what: 'the shells zsh, fish and tcsh (people log in with them)',
    present: () => process.platform !== 'linux' || ['zsh', 'fish', 'tcsh'].every(findProgram),
    packages: ['zsh', 'fish', 'tcsh'],
  },
  slurm: {
    what: 'Slurm and munge (a cluster on loopback, started by the tests alone)',
    present: () => process.platform !== 'linux' || slurmPrograms.every(findDaemon),
    packages: ['slurm-client', 'slurmctld', 'slurmd', 'munge'],
  },
  chromium: {
    what: 'Chromium or Chrome (or CHROMIUM=/path/to/it)',
    present: findChromium,
    packages: ['chromium'],
  },
};

export class SystemPackagesMissing extends Error {
  constructor(missing, command) {
    const list = missing.map((need) => `  - ${need.what}`).join('\n');
    super(
      command === undefined
        ? `Missing on this machine:\n${list}\nInstall them with your system's package tool, then run this again.`
        : `Missing on this machine:\n${list}\nRun this line, then try again:\n  ${command}`,
    );
    this.name = 'SystemPackagesMissing';
  }
}

/**
 * Makes sure that the named needs are there. As root on Debian or Ubuntu it installs them; at a terminal with sudo
 * it asks first; otherwise it throws SystemPackagesMissing, whose message has the line to run.
 *
 * @param {(keyof typeof systemNeeds)[]} names
 */
export async function ensureSystemPackages(names) {
  const missing = await missingOf(names);
  if (missing.length === 0) return;
  const packages = missing.flatMap((need) => need.packages);
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages];
  if (findProgram('apt-get') === undefined) throw new SystemPackagesMissing(missing, undefined);

  const isRoot = process.getuid?.() === 0;
  const sudo = isRoot ? [] : ['sudo'];
  const line = [['apt-get', 'update'], install].map((part) => [...sudo, ...part].join(' ')).join(' && ');
  if (!isRoot && !(await personAgrees(line))) throw new SystemPackagesMissing(missing, line);

  await timed(`install ${packages.join(' ')}`, async () => {
    const environment = { DEBIAN_FRONTEND: 'noninteractive' };
    for (const [command, ...args] of [
      [...sudo, 'apt-get', 'update'],
      [...sudo, ...install],
    ]) {
      await run(command, args, { env: environment });
    }
  });
  const stillMissing = await missingOf(names);
  if (stillMissing.length > 0) {
    throw new CommandFailed(line, `${stillMissing.map((need) => need.what).join(', ')} still missing`, '');
  }
}

async function missingOf(names) {
  const missing = [];
  for (const name of names) if (!(await systemNeeds[name].present())) missing.push(systemNeeds[name]);
  return missing;
}

async function personAgrees(line) {
  if (!process.stdin.isTTY || process.env.CI || findProgram('sudo') === undefined) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Something is missing. Run this now?\n  ${line}\n[y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
