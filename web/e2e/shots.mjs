// SPDX-License-Identifier: Apache-2.0
// Pictures of every view, light and dark, as docs/PAGE.md shows them: of the rack that `weft up` begins with, once its
// history is made and its fault is found. Two marks are told first, as people at work would. pngquant makes the files small
// where it is installed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { open, ready } from './checks.mjs';
import { json, until } from './rack.mjs';

const HISTORY_MS_MAX = 600_000;
const ASKING_MS_MAX = 30_000;
const SETTLE_MS = 2000;
const enc = encodeURIComponent;

async function mark(api, body) {
  const answer = await fetch(`${api}/api/v1/marks`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...body, apply: true }),
  });
  if (!answer.ok) throw new Error(`no mark could be told: ${await answer.text()}`);
}

/** The finding of a link with the most belief in one cause, and what else the views are of. */
async function story(api) {
  await until('the history is made', HISTORY_MS_MAX, async () => ((await json(`${api}/api/v1`)).world?.prepared ?? 1) >= 1);
  const { findings, now } = await until('a finding', HISTORY_MS_MAX, async () => {
    const answer = await json(`${api}/api/v1/findings`);
    return answer.findings.length > 0 && answer;
  });
  const finding = findings.find((each) => each.subject?.startsWith('lnk-')) ?? findings[0];
  const [a, b] = finding.place.split('--');
  const ago = (minutes) => new Date(Date.parse(now) - minutes * 60_000).toISOString();
  const { marks } = await json(`${api}/api/v1/marks`);
  if (marks.length === 0) {
    await mark(api, { mark: 'job', subject: a.split('/')[0], from: ago(100), until: ago(20), text: 'training run 4711' });
    await mark(api, { mark: 'maintenance', subject: b.split('/')[0], from: ago(45), until: ago(9), text: 'cables looked at' });
  }
  const serial = finding.hypotheses?.find((each) => each.part?.serial)?.part.serial
    ?? (await json(`${api}/api/v1/parts`)).parts[0].serial;
  return { finding, a, b, serial };
}

const pictures = ({ finding, a, b, serial }) => [
  { name: 'rack', route: '/', path: '/', text: new RegExp(a.split('/')[0]) },
  { name: 'findings', route: '/findings', path: '/findings', text: /--/ },
  { name: 'finding', route: '/findings/{id}', path: `/findings/${enc(finding.id)}`, text: /lane/i },
  { name: 'timeline', route: '/timeline', path: `/timeline?subject=${enc(finding.subject)}`, text: /link/i },
  { name: 'link', route: '/links/{id}', path: `/links/${enc(finding.subject)}`, text: /lane/i },
  { name: 'links', route: '/links', path: '/links', text: /link/ },
  { name: 'device', route: '/devices/{id}', path: `/devices/${enc(a.split('/')[0])}`, text: /link/i },
  { name: 'lanes', route: '/lanes', path: '/lanes', canvas: true, text: /receivers: .* measured/ },
  { name: 'fec', route: '/fec', path: `/fec?port=${enc(b)}&span=7200`, canvas: true, text: /Codewords of this time/ },
  { name: 'eye', route: '/eye', path: `/eye?link=${enc(finding.subject)}&section=1`, canvas: true, text: /smallest eye at each error ratio/ },
  { name: 'topology', route: '/topology', path: `/topology?at=${enc(a.split('/').slice(0, 2).join('/'))}`, canvas: true, text: /Without it/ },
  { name: 'parts', route: '/parts', path: '/parts', text: /serial/i },
  { name: 'part', route: '/parts/{serial}', path: `/parts/${enc(serial)}`, text: /Where it was/ },
  { name: 'compare', route: '/compare', path: `/compare?subject=${enc(finding.subject)}&at=${enc(finding.since ?? finding.opened)}&window=3600`, text: /before/i },
  { name: 'world', route: '/world', path: '/world', text: /fault/i },
];

/** Fewer colours: a third of the size, and nothing that is seen is lost. */
function shrink(file) {
  spawnSync('pngquant', ['--force', '--skip-if-larger', '--speed', '1', '--strip', '--output', file, '64', file]);
  return statSync(file).size;
}

export async function shoot({ browser, rack, folder, only }) {
  mkdirSync(folder, { recursive: true });
  const all = pictures(await story(rack.api));
  let bytes = 0;
  const wrong = [];
  for (const theme of ['light', 'dark']) {
    for (const view of all.filter((each) => !only || each.name === only)) {
      const page = await open(browser, rack.page + view.path, theme);
      try {
        await ready(page, view);
        await until(`${view.name} has all that it asks for`, ASKING_MS_MAX, async () => !/Asking for/.test(await page.innerText('main')));
        await page.waitForTimeout(SETTLE_MS);
        const file = join(folder, `${view.name}${theme === 'dark' ? '-dark' : ''}.png`);
        await page.screenshot({ path: file });
        bytes += shrink(file);
      } catch (error) {
        wrong.push(`${view.name}, ${theme}: ${error.message.split('\n')[0]}`);
      } finally {
        await page.context().close();
      }
    }
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n      '));
  return `${all.length} views, light and dark, ${Math.round(bytes / 1000)} kB in ${folder}`;
}
