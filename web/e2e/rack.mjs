// SPDX-License-Identifier: Apache-2.0
// Starts and stops what the judge looks at: a real `weft up` on a free port, Debian's Chromium, and, where the
// program has a notice instead of the page, the page as build.mjs serves it.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
export const web = dirname(here);
const START_MS_MAX = 180_000;

export function chromium() {
  const wanted = process.env.WEFT_CHROMIUM;
  return [wanted, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find((each) => each && existsSync(each));
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(what, ms, ask) {
  const end = Date.now() + ms;
  let last = '';
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      last = String(error.message ?? error).split('\n')[0];
    }
    await pause(250);
  }
  throw new Error(`${what}: not within ${ms / 1000} s${last ? ` (${last})` : ''}`);
}

export async function json(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

/** A running program that is ended by its own id. */
class Program {
  said = '';
  constructor(command, args, env = {}) {
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (data) => (this.said = (this.said + data).slice(-20_000)));
    }
    this.ended = new Promise((resolve) => this.child.on('exit', (code, signal) => resolve({ code, signal })));
    this.child.on('error', (error) => (this.said += error.message));
  }

  async stop() {
    this.child.kill('SIGINT');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 60_000);
    const how = await this.ended;
    clearTimeout(timer);
    return how;
  }
}

export class Rack {
  constructor(weft, isFromSources, args) {
    this.isFromSources = isFromSources;
    this.weft = weft;
    this.args = args;
    this.folder = mkdtempSync(join(tmpdir(), 'weft-e2e-'));
  }

  async start() {
    this.port ??= await freePort();
    this.api = `http://127.0.0.1:${this.port}`;
    const began = Date.now();
    this.program = new Program(this.weft, [
      'up', ...this.args, '--http', String(this.port), '--folder', join(this.folder, 'run'),
      // With a store of its own it would not begin with a history.
      this.args.length > 0 ? '--store' : '--state', join(this.folder, 'store'),
    ], { WEFT_STATE: join(this.folder, 'journals') });
    const about = async () => {
      if (this.program.child.exitCode !== null) throw new Error(`weft up ended: ${this.program.said.slice(-400)}`);
      return json(`${this.api}/api/v1`);
    };
    await until('weft up answers', START_MS_MAX, about);
    this.startMs = Date.now() - began;
    this.page ??= await this.pageAddress();
  }

  /** The program's own page; a build without it is served from the sources. */
  async pageAddress() {
    const first = await fetch(`${this.api}/`);
    if (!this.isFromSources && first.ok && (await first.text()).includes('id="app"')) return this.api;
    const port = await freePort();
    rmSync(join(web, 'node_modules', '.serve'), { recursive: true, force: true });
    this.proxy = new Program(process.execPath, [join(web, 'build.mjs'), '--serve', String(port), '--api', this.api]);
    await until('the page is served from its sources', START_MS_MAX, async () => {
      if (this.proxy.child.exitCode !== null) throw new Error(`build.mjs ended: ${this.proxy.said.slice(-400)}`);
      // A request before the first build ends would end the server.
      if (!existsSync(join(web, 'node_modules', '.serve', 'index.html'))) return false;
      return (await fetch(`http://127.0.0.1:${port}/`)).ok;
    });
    return `http://127.0.0.1:${port}`;
  }

  async stop() {
    return this.program?.stop();
  }

  async end() {
    await this.stop();
    await this.proxy?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const axeSource = () => readFileSync(join(web, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');
