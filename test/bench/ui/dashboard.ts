// What the dashboard's page costs in headless Chromium with the recorded session at the paper's scale. Prints one JSON object a figure.
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import { exampleSession, withSnapshot } from '../../extension/dashboard/exampleSession';
import { recordedSession } from '../../support/recordedSession';
import { launchChromium } from '../../webview/preview/launchChromium';
import { startPreview } from '../../webview/preview/previewServer';
import { feedOf, nowMs } from '../../webview/preview/recorded';
import { toWire, type Recorded } from '../../webview/preview/wire';

const rounds = Number(process.argv[2] ?? 5);
const streamSeconds = Number(process.argv[3] ?? 60);
const candidatesPerSecond = 100;
const updatesPerSecond = 4;
/** Places of the page that the stream is watched at, each for the same time. */
const places = ['best', 'rollouts', 'lineage', 'compare'] as const;

function note(name: string, value: number, unit: string): void {
  process.stdout.write(`${JSON.stringify({ name, value, unit, load: loadavg()[0] })}\n`);
}

/** A session that is at work: everything up to a moment, then what the extension sends each quarter of a second. */
function recordStream(): { readonly whole: Recorded; readonly updates: Recorded[] } {
  const { entries } = recordedSession();
  const view = (snapshot: ReturnType<typeof reduce>) => withSnapshot(exampleSession(0), snapshot);
  const feed = feedOf();
  const wanted = streamSeconds * candidatesPerSecond;
  const outcomes = entries.filter(({ event }) => event.type === 'candidate.evaluated').length;
  let seen = 0;
  const from = entries.findIndex(
    ({ event }) => event.type === 'candidate.evaluated' && ++seen > outcomes - wanted,
  );
  let snapshot = reduce(emptySnapshot, entries.slice(0, from));
  const whole = feed.whole(view(snapshot), nowMs);
  const updates: Recorded[] = [];
  let batch: (typeof entries)[number][] = [];
  let ended = 0;
  for (const entry of entries.slice(from)) {
    batch.push(entry);
    if (entry.event.type === 'candidate.evaluated') ended += 1;
    if (ended < candidatesPerSecond / updatesPerSecond) continue;
    snapshot = reduce(snapshot, batch);
    updates.push(feed.news(view(snapshot), nowMs));
    batch = [];
    ended = 0;
  }
  return { whole, updates };
}

/** From handing over the data, as the editor does, to the frame that shows all charts in view. */
const paintScript = `new Promise((resolve) => {
  const beforeMs = performance.now();
  for (const message of harness.recording) window.postMessage(message, '*');
  const look = () => {
    const drawn = ['best', 'distribution'].every((id) => document.getElementById(id + '-canvas').style.width !== '');
    requestAnimationFrame(drawn ? () => resolve(performance.now() - beforeMs) : look);
  };
  requestAnimationFrame(look);
})`;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** What the main thread has done so far: on the clock, which counts what others take away from it as well, and on the processor. */
interface Work {
  readonly wallMs: number;
  readonly processorMs: number;
}

/** The folder that profiles of the page are written to; none are without it, as they take time themselves. */
const profiles = process.env['TTT_DISCOVER_PROFILES'];

async function startProfile(devtools: CDPSession): Promise<void> {
  if (profiles === undefined) return;
  await devtools.send('Profiler.enable');
  await devtools.send('Profiler.start');
}

async function endProfile(devtools: CDPSession, name: string): Promise<void> {
  if (profiles === undefined) return;
  const { profile } = await devtools.send('Profiler.stop');
  await writeFile(join(profiles, `${name}.cpuprofile`), JSON.stringify(profile));
}

async function workOf(devtools: CDPSession): Promise<Work> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  const read = (wanted: string): number =>
    1000 * (metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN);
  return { wallMs: read('TaskDuration'), processorMs: read('ThreadTime') };
}

const traceEvents = z.object({
  traceEvents: z.array(
    z.object({
      name: z.string(),
      pid: z.number(),
      tid: z.number(),
      ph: z.string(),
      dur: z.number().optional(),
      tdur: z.number().optional(),
      args: z.object({ name: z.unknown() }).partial().optional(),
    }),
  ),
});

/** Tasks of the page's main thread in a trace, the thread that did most of all renderers' main threads. */
function tasksOf(trace: Buffer): Work[] {
  const { traceEvents: events } = traceEvents.parse(JSON.parse(trace.toString()));
  const threads = new Map<string, Work[]>();
  for (const { name, args, pid, tid } of events)
    if (name === 'thread_name' && args?.name === 'CrRendererMain') threads.set(`${pid} ${tid}`, []);
  for (const { name, ph, pid, tid, dur = 0, tdur = 0 } of events)
    if (ph === 'X' && name.endsWith('RunTask'))
      threads.get(`${pid} ${tid}`)?.push({ wallMs: dur / 1000, processorMs: tdur / 1000 });
  const total = (tasks: readonly Work[]): number =>
    tasks.reduce((sum, { processorMs }) => sum + processorMs, 0);
  return [...threads.values()].sort((a, b) => total(b) - total(a))[0] ?? [];
}

async function openPage(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  page.on('pageerror', (error) => {
    throw error;
  });
  await page.goto(url);
  return page;
}

async function benchPaint(browser: Browser, url: string): Promise<void> {
  const timesMs: number[] = [];
  const processorMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const page = await openPage(browser, url);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    const before = await workOf(devtools);
    timesMs.push(await page.evaluate<number>(paintScript));
    processorMs.push((await workOf(devtools)).processorMs - before.processorMs);
    const inked = await page.evaluate<boolean>(
      `['best', 'distribution'].every((id) => document.getElementById(id + '-canvas').getContext('2d').getImageData(0, 0, 400, 200).data.some(Boolean))`,
    );
    if (!inked) throw new Error('The first frame has no charts.');
    await page.close();
  }
  note(`first paint of 25,600 candidates (median of ${rounds})`, median(timesMs), 'ms');
  note('first paint, main thread on the processor (median)', median(processorMs), 'ms');
}

async function benchStream(browser: Browser, url: string, updates: readonly Recorded[]): Promise<void> {
  const page = await openPage(browser, url);
  await page.evaluate(paintScript);
  await page.evaluate('window.updates = []');
  for (const update of updates)
    await page.evaluate(`window.updates.push(harness.fromWire(${JSON.stringify(toWire(update))}))`);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const each = Math.floor(updates.length / places.length);
  const perUpdate: Work[] = [];
  await browser.startTracing(page, { categories: ['toplevel'] });
  for (const [index, place] of places.entries()) {
    await page.evaluate(`document.getElementById('${place}-panel').scrollIntoView()`);
    const before = await workOf(devtools);
    await startProfile(devtools);
    await page.evaluate(`new Promise((resolve) => {
      const own = window.updates.slice(${index * each}, ${(index + 1) * each});
      const timer = setInterval(() => {
        const update = own.shift();
        if (update === undefined) { clearInterval(timer); resolve(); return; }
        for (const message of update) window.postMessage(message, '*');
      }, ${1000 / updatesPerSecond});
    })`);
    await endProfile(devtools, place);
    const after = await workOf(devtools);
    const work = {
      wallMs: (after.wallMs - before.wallMs) / each,
      processorMs: (after.processorMs - before.processorMs) / each,
    };
    perUpdate.push(work);
    note(`live update with "${place}" in view, on the processor (mean of ${each})`, work.processorMs, 'ms');
  }
  const tasks = tasksOf(await browser.stopTracing());
  const most = (of: (work: Work) => number, all: readonly Work[]): number => Math.max(0, ...all.map(of));
  const seconds = Math.round((each * places.length) / updatesPerSecond);
  const when = `in ${seconds} s of ${candidatesPerSecond} candidates/s`;
  note(
    'live update, main thread, where most is in view, on the processor',
    most((work) => work.processorMs, perUpdate),
    'ms',
  );
  note(
    'live update, main thread, where most is in view, on the clock',
    most((work) => work.wallMs, perUpdate),
    'ms',
  );
  note(
    `longest task ${when}, on the processor`,
    most((work) => work.processorMs, tasks),
    'ms',
  );
  note(
    `longest task ${when}, on the clock`,
    most((work) => work.wallMs, tasks),
    'ms',
  );
  note(
    `tasks over 100 ms ${when}, on the processor`,
    tasks.filter((task) => task.processorMs > 100).length,
    '',
  );
  note(`tasks over 100 ms ${when}, on the clock`, tasks.filter((task) => task.wallMs > 100).length, '');
  const evaluated = await page.evaluate<string>(`document.querySelector('.counts dd').textContent`);
  if (!/^\d/.test(evaluated)) throw new Error('The page shows no session any more.');
  await page.close();
}

const { whole, updates } = recordStream();
const preview = await startPreview(whole);
const browser = await launchChromium();
try {
  await benchPaint(browser, preview.url);
  await benchStream(browser, preview.url, updates);
} finally {
  await browser.close();
  await preview.close();
}
