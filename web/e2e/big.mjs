// SPDX-License-Identifier: Apache-2.0
// A server of a fabric that no real rack here is large enough for: the page as it is shipped, built from its sources,
// and the API's answers made by a seeded generator. Findings change and numbers are others each second. It refuses nothing and
// keeps nothing; bench.mjs alone asks it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort, web } from './rack.mjs';

const GPUS_PER_SERVER = 8;
const SERVERS_PER_RACK = 8;
const UNITS_PER_SERVER = 5;
const FINDINGS = 12;
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'";

async function sampleModule(folder) {
  const { build } = await import('esbuild');
  const file = join(folder, 'sample.mjs');
  await build({ entryPoints: [join(web, 'src', 'dense', 'sample_lanes.ts')], bundle: true, format: 'esm', outfile: file, logLevel: 'error' });
  return import(pathToFileURL(file).href);
}

const deviceOf = (port) => port.slice(0, port.lastIndexOf('/'));

/** The devices that the links' names speak of, the servers in racks. */
function fabricOf(links) {
  const devices = new Map();
  const add = (name, more) => {
    if (!devices.has(name)) devices.set(name, { id: `dev-${name.replace('/', '-')}`, name, ports: [], ...more });
    return devices.get(name);
  };
  const out = links.map((each) => {
    const [a, b] = each.name.split('--');
    for (const port of [a, b]) {
      const name = deviceOf(port);
      const top = name.split('/')[0];
      const number = Number(top.replace(/\D+/, ''));
      if (top !== name) {
        add(top, { kind: 'host', position: {
          row: 1 + Math.floor(number / SERVERS_PER_RACK / 10), rack: `r${Math.floor(number / SERVERS_PER_RACK)}`,
          unit: 1 + (number % SERVERS_PER_RACK) * UNITS_PER_SERVER,
        } });
        for (let gpu = 0; gpu < GPUS_PER_SERVER; gpu++) add(`${top}/gpu${gpu}`, { kind: 'accelerator', parent: top });
      }
      add(name, { kind: 'switch' }).ports.push({ id: `prt-${port}`, name: port.slice(name.length + 1), protocol: each.protocol, lanes: each.lanes });
    }
    return { id: each.id, name: each.name, a, b, protocol: each.protocol, lanes: each.lanes, segments: [{ medium: 'dac', length_mm: 1500 }] };
  });
  const totals = ['nvlink5', 'pcie6'].map((protocol) => {
    const of = out.filter((each) => each.protocol === protocol);
    return { protocol, links: of.length, lanes: of.reduce((sum, each) => sum + each.lanes, 0), raw_bits_per_s: 1e15, payload_bits_per_s: 9e14 };
  });
  return { schema: 'fabric', name: 'large', description: 'made for measuring', devices: [...devices.values()], links: out, totals };
}

function findingOf(fabric, number, second) {
  const link = fabric.links[(number * 797 + second) % fabric.links.length];
  const at = new Date(Date.now()).toISOString();
  return {
    id: `fnd-${number}`, phase: 'open', level: (number + second) % 3 === 0 ? 'critical' : 'warning', code: 'lane-worse', place: link.name,
    sentence: `lane ${second % 4} errs more than its peers`, opened: '2026-01-01T00:00:00Z', updated: at, recurrences: 0, subject: link.id, victims: [],
  };
}

export class BigServer {
  asks = 0;
  streams = new Set();

  async start(links) {
    this.folder = mkdtempSync(join(tmpdir(), 'weft-bench-'));
    const { sampleLanes } = await sampleModule(this.folder);
    const built = spawnSync(process.execPath, [join(web, 'build.mjs'), '--out', join(this.folder, 'page')], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`the page could not be built: ${built.stderr}`);
    const lanes = [0, 1, 2].map((second) => sampleLanes(links, 7, second));
    this.lanes = lanes.map((each) => Buffer.from(JSON.stringify(each)));
    this.fabric = fabricOf(lanes[0].links);
    this.fabricBody = Buffer.from(JSON.stringify(this.fabric));
    this.counts = { links, receivers: lanes[0].count, devices: this.fabric.devices.length };
    this.second = 0;
    this.server = createServer((ask, answer) => this.answer(ask, answer));
    const port = await freePort();
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.timer = setInterval(() => this.tick(), 1000);
    this.address = `http://127.0.0.1:${port}`;
  }

  tick() {
    this.second++;
    for (const stream of this.streams) {
      const finding = findingOf(this.fabric, this.second % FINDINGS, this.second);
      stream.write(`event: finding\nid: ${this.second}\ndata: ${JSON.stringify(finding)}\n\n`);
    }
  }

  body(path) {
    const now = new Date().toISOString();
    if (path === '/api/v1/lane-table') return this.lanes[this.second % this.lanes.length];
    if (path === '/api/v1/fabric') return this.fabricBody;
    if (path === '/api/v1') return { schema: 'about', now, version: '0', fabric: 'large', routes: [], role: 'viewer' };
    if (path === '/api/v1/findings') {
      return { now, findings: Array.from({ length: FINDINGS }, (_, i) => findingOf(this.fabric, i, 0)), is_more: false };
    }
    if (path === '/api/v1/last') {
      const hosts = this.fabric.devices.filter((each) => each.kind === 'host');
      return { now, count: hosts.length, is_more: false,
        values: hosts.map((each) => ({ subject: each.id, metric: 'host_uptime', label: each.name, at: Date.now() / 1000, value: 1 })) };
    }
    return undefined;
  }

  answer(ask, answer) {
    const path = new URL(ask.url, 'http://page').pathname;
    if (path.startsWith('/api/')) this.asks++;
    if (path === '/api/v1/stream') {
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      answer.write(': begin\n\n');
      this.streams.add(answer);
      answer.on('close', () => this.streams.delete(answer));
      return;
    }
    if (path.startsWith('/api/')) {
      const body = this.body(path);
      if (body === undefined) {
        answer.writeHead(404, { 'content-type': 'application/problem+json' });
        answer.end('{}');
        return;
      }
      const etag = path === '/api/v1/fabric' ? '"same"' : `"${this.second}"`;
      answer.writeHead(ask.headers['if-none-match'] === etag ? 304 : 200, { 'content-type': 'application/json', etag });
      answer.end(ask.headers['if-none-match'] === etag ? '' : Buffer.isBuffer(body) ? body : JSON.stringify(body));
      return;
    }
    const name = extname(path) ? path : '/index.html';
    try {
      const file = readFileSync(join(this.folder, 'page', name));
      answer.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream', 'content-security-policy': CSP });
      answer.end(file);
    } catch {
      answer.writeHead(404);
      answer.end();
    }
  }

  async end() {
    clearInterval(this.timer);
    for (const stream of this.streams) stream.end();
    this.server?.closeAllConnections?.();
    this.server?.close();
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }
}
