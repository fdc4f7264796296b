// A real Slurm for tests: munge, slurmctld and two slurmd, all of them on this machine, on loopback, in one folder.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { CommandFailed, endGroup, run } from '../lib/processes.mjs';

const startPatienceMs = 30_000;
const endPatienceMs = 15_000;
const betweenLooksMs = 100;
/** Daemons are often outside of a user's search path. */
const searchPath = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`;

/**
 * Starts it; resolves when both nodes are idle. `close` ends everything and removes the folder.
 *
 * @param {{ folder: string, cpusPerNode?: number, nodes?: readonly string[], hasGpus?: boolean, limitsMemory?: boolean }} options
 *   the folder is made; its path has to be short. `hasGpus`: the first node says that it has two GPUs. `limitsMemory`: jobs are held to their memory by
 *   cgroups (version 1, mounted for writing)
 */
export async function startSlurm({
  folder,
  cpusPerNode = 4,
  nodes = ['north', 'south'],
  hasGpus = false,
  limitsMemory = false,
}) {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const conf = join(folder, 'slurm.conf');
  const env = { ...process.env, SLURM_CONF: conf, PATH: searchPath };
  /** @type {Map<string, import('node:child_process').ChildProcess>} */
  const daemons = new Map();
  const start = (name, program, args) => {
    const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'ignore', 'ignore'] });
    child.on('error', () => undefined);
    daemons.set(name, child);
  };
  const slurmd = (node) => start(node, 'slurmd', ['-D', '-N', node, '-f', conf]);
  const slurm = (program, ...args) => run(program, args, { env });

  /** Jobs end before the daemons do: what watches over a job would wait for a controller for ever. */
  const close = async () => {
    const mine = `--user=${userInfo().username}`;
    await run('scancel', ['--quiet', mine], { env, allowFailure: true });
    const deadline = performance.now() + endPatienceMs;
    const isEmpty = async () => {
      const { stdout } = await run('squeue', ['--noheader', mine], { env, allowFailure: true });
      return stdout.trim() === '';
    };
    while (!(await isEmpty()) && performance.now() < deadline) await pause(betweenLooksMs);
    await Promise.all([...daemons.values()].map((child) => endGroup(child)));
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };

  try {
    const socket = await startMunge(folder, start);
    await writeConfiguration({ folder, conf, socket, nodes, cpusPerNode, hasGpus, limitsMemory });
    start('slurmctld', 'slurmctld', ['-D', '-f', conf]);
    for (const node of nodes) slurmd(node);
    await untilIdle(nodes, env, folder);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    folder,
    /** For every client of this cluster. */
    env: { SLURM_CONF: conf },
    nodes,
    run: slurm,
    close,
    /** As a crash of the machine does it to the daemon; jobs of the node live on. */
    async killNode(node) {
      const child = daemons.get(node);
      const gone = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await gone;
    },
    startNode: slurmd,
    untilIdle: () => untilIdle(nodes, env, folder),
  };
}

async function startMunge(folder, start) {
  const munge = join(folder, 'munge');
  await mkdir(munge, { mode: 0o755 });
  const key = join(munge, 'key');
  const socket = join(munge, 'socket');
  await writeFile(key, randomBytes(128), { mode: 0o400 });
  const args = [
    '--foreground',
    '--force',
    `--socket=${socket}`,
    `--key-file=${key}`,
    `--pid-file=${join(munge, 'pid')}`,
    `--log-file=${join(munge, 'log')}`,
    `--seed-file=${join(munge, 'seed')}`,
    '--num-threads=2',
  ];
  start('munged', 'munged', args);
  await until(
    () => run('munge', ['-S', socket, '-n'], { allowFailure: true }).then(({ code }) => code === 0),
    () => new CommandFailed('munged', 'it gives no credentials', ''),
  );
  return socket;
}

async function writeConfiguration({ folder, conf, socket, nodes, cpusPerNode, hasGpus, limitsMemory }) {
  const { username } = userInfo();
  const host = hostname().split('.')[0];
  const [controllerPort, ...nodePorts] = await freePorts(1 + nodes.length);
  for (const name of ['state', ...nodes.map((node) => `spool-${node}`)]) await mkdir(join(folder, name));
  const nodeLines = nodes.map(
    (node, index) =>
      `NodeName=${node} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${nodePorts[index]} CPUs=${cpusPerNode} RealMemory=16000${hasGpus && index === 0 ? ' Gres=gpu:2' : ''} State=UNKNOWN`,
  );
  const lines = [
    'ClusterName=test',
    `SlurmctldHost=${host}(127.0.0.1)`,
    `SlurmctldPort=${controllerPort}`,
    `SlurmUser=${username}`,
    `SlurmdUser=${username}`,
    'AuthType=auth/munge',
    `AuthInfo=socket=${socket}`,
    'CredType=cred/munge',
    `StateSaveLocation=${join(folder, 'state')}`,
    `SlurmdSpoolDir=${join(folder, 'spool-%n')}`,
    `SlurmctldPidFile=${join(folder, 'slurmctld.pid')}`,
    `SlurmdPidFile=${join(folder, 'slurmd-%n.pid')}`,
    `SlurmctldLogFile=${join(folder, 'slurmctld.log')}`,
    `SlurmdLogFile=${join(folder, 'slurmd-%n.log')}`,
    ...(limitsMemory
      ? ['ProctrackType=proctrack/cgroup', 'TaskPlugin=task/cgroup']
      : ['ProctrackType=proctrack/linuxproc', 'TaskPlugin=task/none']),
    'JobAcctGatherType=jobacct_gather/none',
    'AccountingStorageType=accounting_storage/none',
    'SelectType=select/cons_tres',
    `SelectTypeParameters=${limitsMemory ? 'CR_CPU_Memory' : 'CR_CPU'}`,
    'SchedulerType=sched/builtin',
    'SchedulerParameters=batch_sched_delay=0,sched_min_interval=50000',
    'SwitchType=switch/none',
    'MpiDefault=none',
    'SlurmdParameters=config_overrides',
    'SlurmdTimeout=10',
    'ReturnToService=2',
    'KillWait=2',
    'MinJobAge=3600',
    'InactiveLimit=0',
    'JobRequeue=1',
    'PreemptType=preempt/partition_prio',
    'PreemptMode=REQUEUE',
    ...(hasGpus ? ['GresTypes=gpu'] : []),
    ...nodeLines,
    `PartitionName=main Nodes=${nodes.join(',')} Default=YES MaxTime=60 State=UP PriorityTier=1`,
    `PartitionName=urgent Nodes=${nodes.join(',')} MaxTime=60 State=UP PriorityTier=10`,
  ];
  // Two devices that everybody has stand in for those of a driver.
  const devices = ['/dev/zero', '/dev/full'].map((path) => `NodeName=${nodes[0]} Name=gpu File=${path}`);
  if (hasGpus) await writeFile(join(folder, 'gres.conf'), `${devices.join('\n')}\n`, { mode: 0o644 });
  const groups = [
    'CgroupMountpoint=/sys/fs/cgroup',
    'CgroupPlugin=cgroup/v1',
    'CgroupAutomount=no',
    'ConstrainRAMSpace=yes',
  ];
  if (limitsMemory) await writeFile(join(folder, 'cgroup.conf'), `${groups.join('\n')}\n`, { mode: 0o644 });
  await writeFile(conf, `${lines.join('\n')}\n`, { mode: 0o644 });
}

async function untilIdle(nodes, env, folder) {
  let states = '';
  await until(
    async () => {
      const { code, stdout } = await run('sinfo', ['--noheader', '--Node', '-o', '%N %T'], {
        env,
        allowFailure: true,
      });
      states = stdout;
      return (
        code === 0 && nodes.every((node) => new RegExp(`^${node} (idle|mixed|allocated)$`, 'm').test(stdout))
      );
    },
    async () => {
      const logs = await Promise.all(
        ['slurmctld', ...nodes.map((node) => `slurmd-${node}`)].map((name) =>
          readFile(join(folder, `${name}.log`), 'utf8').catch(() => ''),
        ),
      );
      const tails = logs.map((log) => log.split('\n').slice(-15).join('\n')).join('\n');
      return new CommandFailed('slurm', `its nodes do not come up: ${states}`, tails);
    },
  );
}

async function until(holds, failure) {
  const deadline = performance.now() + startPatienceMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw await failure();
    await pause(betweenLooksMs);
  }
}

/** All of them are held until the last is known, so that they differ. */
async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function pause(durationMs) {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
