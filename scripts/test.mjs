// `npm test`: everything that must hold, from nothing but Node and Python 3 to a summary line.
//
//   npm test                          all of it
//   npm test -- --only static         format, lint, types, borders, package
//   npm test -- --only unit|ssh|slurm|e2e   one kind of tests
//   npm run test:skyrl                the Tinker client and sessions against a real SkyRL server (needs Python 3.12)
//   npm run docs:screenshots          the e2e tests, whose pictures replace those in docs/images
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { ensureCodeServer } from './lib/codeServerInstall.mjs';
import { ensureNodeModules } from './lib/nodeModules.mjs';
import { repositoryFolder } from './lib/paths.mjs';
import { run } from './lib/processes.mjs';
import { printFailure, seconds, timed } from './lib/progress.mjs';
import { ensureSystemPackages } from './lib/systemPackages.mjs';
import { buildVsix } from './lib/vsix.mjs';
import { ensureSkyrl, ensureTinyModel } from './skyrl/environment.mjs';
import { findPython312 } from './skyrl/python.mjs';

const kinds = ['static', 'unit', 'ssh', 'slurm', 'e2e', 'skyrl'];
const needs = {
  static: [],
  unit: ['python', 'bubblewrap', 'crun', 'runc', 'chromium'],
  ssh: ['bubblewrap', 'ssh', 'sshd', 'shells'],
  slurm: ['bubblewrap', 'slurm'],
  e2e: ['python', 'bubblewrap', 'ssh', 'sshd', 'chromium'],
  skyrl: ['python', 'bubblewrap'],
};
const vitestArguments = {
  // Most of these tests wait for processes: two at once pay on two cores, where the default is one.
  unit: ['--project', 'unit', `--maxWorkers=${Math.max(2, availableParallelism() - 1)}`],
  ssh: ['--project', 'ssh'],
  slurm: ['--project', 'slurm'],
  e2e: ['--project', 'e2e'],
  skyrl: ['--config', 'test/skyrl/vitest.config.ts'],
};
const vsix = join(repositoryFolder, '.build/ttt-discover.vsix');

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, 'update-docs': { type: 'boolean', default: false } },
});
if (options.only !== undefined && !kinds.includes(options.only)) {
  console.error(`--only takes one of: ${kinds.join(', ')}`);
  process.exit(2);
}
const testEnvironment = {
  CI: 'true',
  ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }),
  TTT_DISCOVER_VSIX: vsix,
  ...(options['update-docs'] ? { UPDATE_DOCS: '1' } : {}),
};
const wanted = options.only === undefined ? kinds : [options.only];
const startMs = performance.now();
const counts = { passed: 0, failed: 0, skipped: 0 };
const failedStages = [];

try {
  await ensureSystemPackages([...new Set(wanted.flatMap((kind) => needs[kind]))]);
  await ensureNodeModules();
  if (wanted.includes('e2e')) await ensureCodeServer();
  if (wanted.includes('static')) await staticStages();
  if (wanted.some((kind) => kind !== 'skyrl' && kind !== 'slurm')) {
    await stage('package', async () => {
      const { bytes } = await buildVsix(vsix);
      return `${(bytes / 1000).toFixed(0)} kB`;
    });
  }
  for (const project of wanted.filter((kind) => kind in vitestArguments)) await vitestStage(project);
} catch (error) {
  printFailure(error);
  failedStages.push('setup');
}

if (failedStages.length > 0) {
  console.log(`Failed: ${failedStages.join(', ')}`);
  process.exitCode = 1;
}
console.log(`Took ${seconds(startMs)}`);
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);

async function staticStages() {
  await stage('format', () => tool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'));
  await stage('types', () => tool('typescript/bin/tsc', '-b'));
  await stage('borders', () =>
    tool(
      'dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      'src',
      'webview',
    ),
  );
  await stage('lint', () => tool('eslint/bin/eslint.js', '.', '--max-warnings', '0'));
}

/** Runs a stage, prints its line, and on failure everything it wrote; the stages after it run all the same. */
async function stage(name, work) {
  try {
    await timed(name, work);
  } catch (error) {
    printFailure(error);
    failedStages.push(name);
  }
}

async function tool(script, ...args) {
  await run(process.execPath, [join('node_modules', script), ...args], { cwd: repositoryFolder });
}

async function vitestStage(project) {
  const report = join(repositoryFolder, `.build/vitest-${project}.json`);
  await rm(report, { force: true });
  if (project === 'skyrl' && !(await skyrlIsPossible())) return;
  if (project === 'slurm' && process.platform !== 'linux') {
    console.log('slurm: not run. Slurm is for Linux.');
    return;
  }
  await stage(project, async () => {
    if (project === 'skyrl') await prepareSkyrl();
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const { code, output } = await run(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', ...vitestArguments[project], ...reporters],
      { cwd: repositoryFolder, env: testEnvironment, allowFailure: true },
    );
    const result = await countTests(report);
    if (code !== 0 || result === undefined || result.passed === 0) {
      throw Object.assign(new Error(`the ${project} tests failed`), { name: 'TestsFailed', output });
    }
    return `${result.passed} tests`;
  });
}

/** Python 3.12 is more than this project asks of its users; who asks for these tests by name is told what is missing by a failure. */
async function skyrlIsPossible() {
  if (options.only === 'skyrl') return true;
  try {
    await findPython312();
    return true;
  } catch (error) {
    if (error.name !== 'PythonMissing') throw error;
    console.log(`skyrl: not run. ${error.message}`);
    return false;
  }
}

async function prepareSkyrl() {
  const environment = await ensureSkyrl();
  for (const kind of ['qwen3', 'llama3']) await ensureTinyModel(environment, kind);
}

/** Adds what one run counted; a file that broke before its first test counts as one failure. */
async function countTests(report) {
  let json;
  try {
    json = JSON.parse(await readFile(report, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    counts.failed += 1;
    return undefined;
  }
  const brokenFiles = json.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const result = { passed: json.numPassedTests, failed: json.numFailedTests + brokenFiles };
  counts.passed += result.passed;
  counts.failed += result.failed;
  counts.skipped += json.numPendingTests + json.numTodoTests;
  return result;
}
