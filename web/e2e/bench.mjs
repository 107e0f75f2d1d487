// SPDX-License-Identifier: Apache-2.0
// Frame times with 10,000 links and 100,000 receivers while each dense view is panned and zoomed, the rack page is
// scrolled, and data change each second, under software rendering. Two measures: how long frames are by the wall's
// clock, which other programs on the machine lengthen, and how much of a processor the page's main thread used for
// each, from Chromium's trace, which they do not. Prints both; asserts nothing, for machines differ.
import { readFileSync } from 'node:fs';
import { BigServer } from './big.mjs';
import { open, ready } from './checks.mjs';

const LINKS = 10_000;
const SECONDS = 12;
const SETTLE_MS = 2500;

const MARK = 'weft-begin';
const MS_PER_TICK = 10;

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
const byNumber = (a, b) => a - b;

/** Pan and zoom of a canvas with the mouse, and a hover in between. */
async function wander(page, until) {
  const box = await page.locator('canvas.dn-canvas').boundingBox();
  const x = box.x + box.width / 2;
  const y = box.y + box.height / 2;
  await page.mouse.move(x, y);
  for (let round = 0; Date.now() < until; round++) {
    for (let i = 0; i < 12; i++) await page.mouse.wheel(0, round % 2 === 0 ? -120 : 120);
    await page.mouse.down();
    for (let i = 1; i <= 20; i++) await page.mouse.move(x + (round % 2 === 0 ? i : 20 - i) * 8, y + i * 3);
    await page.mouse.up();
    for (let i = 0; i < 6; i++) await page.mouse.move(x + i * 5, y + i * 4);
  }
}

async function scroll(page, until) {
  await page.mouse.move(400, 500);
  for (let round = 0; Date.now() < until; round++) {
    for (let i = 0; i < 20; i++) await page.mouse.wheel(0, round % 2 === 0 ? 180 : -180);
  }
}

const VIEWS = [
  { name: 'heat map', path: '/lanes', route: '/lanes', text: /100.000 receivers/, canvas: true, move: wander },
  { name: 'topology', path: '/topology', route: '/topology', text: /Accelerators/, canvas: true, move: wander },
  { name: 'rack', path: '/', route: '/', text: /server312/, move: scroll },
];

/**
 * What the page's main thread did: its tasks with their begin, and processor time and length, in ms of the page's own
 * clock. The mark that the page left at its begin tells its process and how far the two clocks are apart.
 */
function tasksOf(trace, begin) {
  const events = JSON.parse(trace.toString('utf8')).traceEvents;
  const mark = events.find((each) => each.name === MARK && each.ts);
  if (!mark) throw new Error('the trace has no mark of the page');
  const shift = mark.ts / 1000 - begin;
  return events
    .filter((each) => each.pid === mark.pid && each.tid === mark.tid && each.ph === 'X' && /RunTask$/.test(each.name))
    .map((each) => ({ at: each.ts / 1000 - shift, cpu: (each.tdur ?? NaN) / 1000 }))
    .sort((a, b) => a.at - b.at);
}

/** Processor time of each frame: all that the main thread did from one frame's beginning to the next's. */
function costsOf(tasks, frames) {
  const costs = new Array(frames.length - 1).fill(0);
  let at = 0;
  for (const task of tasks) {
    if (task.at < frames[0]) continue;
    while (at < costs.length && task.at >= frames[at + 1]) at++;
    if (at === costs.length) break;
    costs[at] += task.cpu;
  }
  return costs.sort(byNumber);
}

/** Ms on a processor of each of Chromium's kinds of process so far; empty where the system does not say. */
async function usedNow(session) {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const out = new Map();
  for (const { id, type } of processInfo) {
    try {
      const [, ...fields] = readFileSync(`/proc/${id}/stat`, 'utf8').replace(/^.*\) /, ' ').split(' ');
      out.set(type, (out.get(type) ?? 0) + (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK);
    } catch {
      return new Map();
    }
  }
  return out;
}

async function measure(browser, server, view) {
  const page = await open(browser, server.address + view.path);
  await ready(page, view);
  await page.waitForTimeout(SETTLE_MS);
  const session = await browser.newBrowserCDPSession();
  await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing', '__metadata'] });
  const begin = await page.evaluate((mark) => {
    window.weftFrames = [];
    const frame = (now) => {
      window.weftFrames.push(now);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    return performance.mark(mark).startTime;
  }, MARK);
  const drawn = () => page.evaluate(() => Number(document.querySelector('canvas.dn-canvas')?.dataset.drawn ?? 0));
  const before = await drawn();
  const asked = server.asks;
  const used = await usedNow(session);
  await view.move(page, Date.now() + SECONDS * 1000);
  const usedAfter = await usedNow(session);
  const pictures = (await drawn()) - before;
  const frames = await page.evaluate(() => window.weftFrames);
  const tasks = tasksOf(await browser.stopTracing(), begin);
  if (new URL(page.url()).pathname !== view.path) throw new Error(`${view.name}: a drag left the view`);
  await page.context().close();
  const processes = [...usedAfter].filter(([type]) => !type.includes('.')).map(([type, spent]) => `${type.replace(/ .*/, '')} ${Math.round((spent - (used.get(type) ?? 0)) / SECONDS / 10)} %`);
  return { frames, tasks, pictures, answers: server.asks - asked, processes };
}

export async function bench({ browser, only }) {
  const server = new BigServer();
  try {
    await server.start(LINKS);
    const { links, receivers, devices } = server.counts;
    console.log(`${links} links, ${receivers} receivers, ${devices} devices; data change each second; ${SECONDS} s a view; ms`);
    console.log('view      frames  drawn  answers   frame: p50    p95    p99   main thread: p50    p95    p99    max   processors used');
    for (const view of VIEWS.filter((each) => !only || each.name === only)) {
      const { frames, tasks, pictures, answers, processes } = await measure(browser, server, view);
      const lengths = frames.slice(1).map((each, i) => each - frames[i]).sort(byNumber);
      const costs = costsOf(tasks, frames);
      const row = (values, shares) => shares.map((each) => quantile(values, each).toFixed(1).padStart(6)).join(' ');
      console.log(`${view.name.padEnd(9)} ${String(lengths.length).padStart(6)} ${String(pictures).padStart(6)} ${String(answers).padStart(8)}       ` +
        `${row(lengths, [0.5, 0.95, 0.99])}            ${row(costs, [0.5, 0.95, 0.99, 1])}   ${processes.join(', ')}`);
    }
  } finally {
    await server.end();
  }
}
