// SPDX-License-Identifier: Apache-2.0
// What is asked of the page, one function each. A check throws with a sentence when it does not hold.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { axeSource, json, until, web } from './rack.mjs';
import { subjects, views } from './views.mjs';

const BAD_LINK = 'server0/nic0/eth0--leaf0/port0';
const BAD_LANE = /lanes? 5\b/i;
const CLICKS_MOST = 3;
/** For what must come, on a machine that has other things to do: no check is about how fast. */
const PATIENCE_MS = 180_000;
const FINDING_MS_MAX = 600_000;
const STORY_SPEED = 60;

function holds(condition, text) {
  if (!condition) throw new Error(text);
}

/** A page of its own, and everything that its console complained of. */
export async function open(browser, address, theme = 'light', size = { width: 1366, height: 768 }) {
  const context = await browser.newContext({ viewport: size, colorScheme: theme, reducedMotion: 'reduce' });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/net::ERR_|Failed to load resource/.test(message.text())) page.complaints.push(message.text());
  });
  await page.goto(address, { waitUntil: 'domcontentloaded' });
  return page;
}

/** Waits until a view stands there with its data. */
export async function ready(page, view) {
  await page.waitForSelector(`main[data-view="${view.route}"][data-ready="yes"]`, { timeout: PATIENCE_MS });
  await until(`${view.name} says ${view.text}`, PATIENCE_MS, async () => view.text.test(await page.innerText('main')));
  if (view.canvas) {
    await until(`${view.name} is drawn`, PATIENCE_MS, () => page.evaluate(() => {
      const canvas = document.querySelector('canvas.dn-canvas');
      if (!canvas || !canvas.dataset.drawn || canvas.width < 100) return false;
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let i = 0; i < data.length; i += 4 * 97) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
      return seen.size >= 3;
    }));
  }
  const failed = await page.$$eval('main .failed, main [role="alert"]', (all) => all.map((each) => each.innerText));
  holds(failed.length === 0, `${view.name}: ${failed.join('; ')}`);
  holds(page.complaints.length === 0, `${view.name}: the console says: ${page.complaints.join('; ').slice(0, 400)}`);
}

async function post(url, body) {
  const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Until the lane is named. Then the world goes as fast as clocks do: what the other checks look at stays what it is, and
 *  its history does not run away from a machine that is slow. */
export async function findsTheFault({ rack }) {
  await post(`${rack.api}/api/v1/world/speed`, { speed: STORY_SPEED, apply: true });
  const found = await until('a finding about the bad lane', FINDING_MS_MAX, async () => {
    const { findings } = await json(`${rack.api}/api/v1/findings`);
    const about = findings.find((each) => each.place.includes(BAD_LINK) || each.sentence.includes(BAD_LINK));
    if (!about) return undefined;
    const why = await json(`${rack.api}/api/v1/why?subject=${encodeURIComponent(about.id)}`);
    return why.findings.some((each) => each.hypotheses.some((one) => one.lanes?.includes(5))) ? about : undefined;
  });
  await post(`${rack.api}/api/v1/world/speed`, { speed: 1, apply: true });
  rack.finding = found.id;
  return `"${found.sentence}"`;
}

/** Nothing of the page is still being asked for. */
async function settled(page) {
  await page.waitForSelector('main[data-ready="yes"]');
  await until('the page has its answers', PATIENCE_MS, async () => !/Asking for /.test(await page.innerText('main')));
}

export async function threeClicks({ browser, rack }) {
  const page = await open(browser, `${rack.page}/`);
  try {
    await settled(page);
    await page.waitForSelector(`main a[href="/findings/${encodeURIComponent(rack.finding)}"]`);
    const isThere = async () => {
      const text = await page.innerText('main');
      return text.includes(BAD_LINK) && BAD_LANE.test(text);
    };
    const way = [];
    for (const selector of ['main a[href^="/findings/"]', 'main a[href^="/links/"]']) {
      await page.locator(selector).first().click();
      way.push(new URL(page.url()).pathname);
      await settled(page);
      if (await isThere()) break;
    }
    holds(await isThere(), `not named after ${way.length} clicks: ${way.join(' → ')}`);
    holds(way.length <= CLICKS_MOST, `${way.length} clicks: ${way.join(' → ')}`);
    return `${way.length} click${way.length === 1 ? '' : 's'}: ${way.join(' → ')}`;
  } finally {
    await page.context().close();
  }
}

/** Views whose answers this server does not give yet are told apart, by its own list of routes. */
async function askable(rack) {
  const table = views(await subjects(rack.api, rack.finding));
  const source = readFileSync(join(web, 'src', 'route.ts'), 'utf8');
  const routes = [...source.matchAll(/\{ path: '([^']+)'/g)].map((each) => each[1]);
  holds(routes.length > 0, 'no route was found in src/route.ts');
  const missing = routes.filter((each) => !table.some((view) => view.route === each));
  holds(missing.length === 0, `no view of ${missing.join(', ')} is looked at: add it to e2e/views.mjs`);
  const about = await json(`${rack.api}/api/v1`);
  const isServed = (view) => !view.needs || about.routes.some((each) => each.path === view.needs);
  return { seen: table.filter(isServed), left: table.filter((each) => !isServed(each)).map((each) => each.name) };
}

/** With `rules` only those. */
async function seriousOf(page, rules) {
  await page.evaluate(axeSource());
  const { violations } = await page.evaluate((only) => window.axe.run(document, {
    resultTypes: ['violations'], ...(only ? { runOnly: { type: 'rule', values: only } } : {}),
  }), rules);
  return violations.filter((each) => each.impact === 'serious' || each.impact === 'critical')
    .map((each) => `${each.id}: ${each.help}: ${each.nodes.slice(0, 3).map((node) => node.target.join(' ')).join(' | ')}`);
}

/** Each view has its data and nothing that axe calls serious; in the dark the colours are other ones. */
export async function everyView({ browser, rack }) {
  const { seen, left } = await askable(rack);
  const wrong = [];
  for (const theme of ['light', 'dark']) {
    // One window for all: a new one costs a browser more than a page.
    const page = await open(browser, `${rack.page}/`, theme);
    for (const view of seen) {
      try {
        page.complaints.length = 0;
        await page.goto(rack.page + view.path, { waitUntil: 'domcontentloaded' });
        await ready(page, view);
        wrong.push(...(await seriousOf(page, theme === 'dark' ? ['color-contrast'] : undefined)).map((each) => `${view.name}, ${theme}: ${each}`));
      } catch (error) {
        wrong.push(`${view.name}, ${theme}: ${error.message.split('\n')[0]}`);
      }
    }
    await page.context().close();
  }
  holds(wrong.length === 0, wrong.join('\n      '));
  return `${seen.length} views, light and dark${left.length > 0 ? `; not asked, since this server has no route for them: ${left.join(', ')}` : ''}`;
}

/** Keyboard alone: from the canvas to a link's page. */
export async function keyboard({ browser, rack }) {
  const page = await open(browser, `${rack.page}/lanes`);
  try {
    await ready(page, { name: 'lanes', route: '/lanes', text: /receivers/, canvas: true });
    await page.focus('canvas.dn-canvas');
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
    await until('the cursor names a lane', PATIENCE_MS, async () => /lane \d+/.test(await page.locator('.dn-frame [aria-live]').textContent()));
    for (const key of ['+', '+', '-']) await page.keyboard.press(key);
    await page.keyboard.press('0');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/links\//);
    return 'arrows, zoom and Enter on the heat map';
  } finally {
    await page.context().close();
  }
}

/** A mark is told by keyboard alone: first what would be, then kept, then on the axis. */
export async function tellsMark({ browser, rack }) {
  const page = await open(browser, `${rack.page}/timeline?subject=server0`);
  const before = (await json(`${rack.api}/api/v1/marks`)).count;
  try {
    await page.waitForSelector('main[data-ready="yes"] .mark-form button:enabled');
    await page.locator('.mark-form input').last().focus();
    await page.keyboard.type('a fan is changed');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.mark-form .said');
    holds(/would be kept: maintenance of server0 /.test(await page.innerText('.mark-form .said')), await page.innerText('.mark-form .said'));
    holds((await json(`${rack.api}/api/v1/marks`)).count === before, 'it was kept before anybody said so');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await until('it is kept', PATIENCE_MS, async () => /^Kept/.test(await page.innerText('.mark-form .said')));
    const { marks } = await json(`${rack.api}/api/v1/marks`);
    holds(marks.some((each) => each.text === 'a fan is changed' && each.subject === 'server0'), 'the server does not know it');
    await until('it stands in the table', PATIENCE_MS, async () => (await page.innerText('main')).includes('a fan is changed'));
    return `${marks.length - before} mark`;
  } finally {
    await page.context().close();
  }
}

/** A link is switched off and on again by keyboard: first what would be, then it is, then it is put back. */
export async function acts({ browser, rack }) {
  const { links } = await json(`${rack.api}/api/v1/links?name=server0/*`);
  const link = links.find((each) => each.protocol.startsWith('pcie'));
  const done = async () => (await json(`${rack.api}/api/v1/actions`)).actions;
  const before = (await done()).length;
  const page = await open(browser, `${rack.page}/links/${encodeURIComponent(link.id)}`);
  try {
    await page.waitForSelector('.action-form button:enabled');
    await page.focus('.action-form select >> nth=-1');
    await page.keyboard.type('disable');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.action-form .said');
    const said = await page.innerText('.action-form .said');
    holds(/link disable/.test(said) && /Disturbs: /.test(said) && /Undo: /.test(said), `it would do: ${said}`);
    holds((await done()).length === before, 'it was done before anybody said so');
    await until('the button says what it does', PATIENCE_MS, async () => await page.innerText('.action-form button') === 'Do it');
    await page.keyboard.press('Enter');
    await until('it is done', PATIENCE_MS, async () => /^Done\./.test(await page.innerText('.action-form .said')));
    holds((await done()).length === before + 1 && (await done())[0].state === 'open', 'the server does not know it');
    await page.waitForSelector('.done-list button');
    const wrong = await seriousOf(page);
    holds(wrong.length === 0, wrong.join('; '));
    await page.focus('.done-list button');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.done-list .said');
    holds((await done())[0].state === 'open', 'it was put back before anybody said so');
    await page.keyboard.press('Enter');
    await until('it is put back', PATIENCE_MS, async () => (await done())[0].state === 'undone');
    await until('the page says so', PATIENCE_MS, async () => /: undone/.test(await page.innerText('.done-list')));
    return `${link.name} was switched off and is on again`;
  } finally {
    await page.context().close();
  }
}

/** One page acknowledges a finding by keyboard, another one that is open hears of it; then it is taken back. */
export async function acknowledges({ browser, rack }) {
  const page = await open(browser, `${rack.page}/findings/${encodeURIComponent(rack.finding)}`);
  const other = await open(browser, `${rack.page}/findings`);
  try {
    await settled(other);
    await page.waitForSelector('#seen button:enabled');
    await page.focus('#seen input');
    await page.keyboard.type('cable is ordered');
    await page.keyboard.press('Enter');
    await until('it is acknowledged', PATIENCE_MS, async () => /Acknowledged by .*cable is ordered/.test(await page.innerText('#seen')));
    await until('the other page says so', PATIENCE_MS, async () => /seen by .*cable is ordered/.test(await other.innerText('main')));
    await page.focus('#seen button');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#seen input');
    await until('the other page no longer does', PATIENCE_MS, async () => !/seen by /.test(await other.innerText('main')));
    return 'told, heard by another page, taken back';
  } finally {
    await page.context().close();
    await other.context().close();
  }
}

/** The columns are the lanes' own numbers, where both are of one look. */
export async function tableAgrees({ rack }) {
  const ask = () => json(`${rack.api}/api/v1/lane-table?link=server0/nic0/eth0--*`);
  const { table, lanes } = await until('two answers of one look', PATIENCE_MS, async () => {
    const before = await ask();
    const { lanes: between } = await json(`${rack.api}/api/v1/lanes?link=server0/nic0/eth0--*`);
    const after = await ask();
    return JSON.stringify(before.columns) === JSON.stringify(after.columns) ? { table: after, lanes: between } : undefined;
  });
  holds(table.count === lanes.length, `${table.count} and ${lanes.length} receivers`);
  const merit = table.columns.find((each) => each.key === 'signal').values;
  let compared = 0;
  lanes.forEach((lane, i) => {
    const value = lane.values.find((each) => (each.metric === 'module_snr' && each.label.endsWith(' current')) || each.metric === 'port_figure_of_merit');
    holds((value?.value === undefined) === (merit[i] === null), `${lane.name} lane ${lane.lane}: one says not measured`);
    if (value?.value === undefined) return;
    holds(Math.abs(value.value - merit[i]) < 1, `${lane.name} lane ${lane.lane}: ${value.value} and ${merit[i]}`);
    compared++;
  });
  holds(compared > 0, 'no receiver has a value');
  return `${compared} receivers`;
}

export async function resumes({ browser, rack }) {
  const page = await open(browser, `${rack.page}/`);
  try {
    await page.waitForSelector('main[data-ready="yes"]');
    await page.waitForSelector('.dot.is-live');
    await rack.stop();
    await page.waitForSelector('.lost');
    const said = await page.innerText('.lost');
    holds(/Last seen at \d{4}-/.test(said), `it says "${said}"`);
    await rack.start();
    await page.waitForSelector('.dot.is-live');
    await until('nothing is said to be lost', PATIENCE_MS, async () => await page.locator('.lost').count() === 0);
    return `said "${said.split('.')[0].trim()}", then live again`;
  } finally {
    await page.context().close();
  }
}

/** Readable on a phone: nothing is wider than the screen. */
export async function phone({ browser, rack }) {
  const wrong = [];
  for (const path of ['/', '/findings', '/lanes', '/topology']) {
    const page = await open(browser, rack.page + path, 'light', { width: 390, height: 844 });
    await settled(page);
    const over = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    // What is drawn to fit has been laid out once before.
    await until('it fits', 5000, async () => await over() <= 1).catch(() => undefined);
    const px = await over();
    if (px > 1) wrong.push(`${path} is ${px} px too wide`);
    await page.context().close();
  }
  holds(wrong.length === 0, wrong.join(', '));
  return 'four views at 390 px';
}
