// SPDX-License-Identifier: Apache-2.0
// Builds the page with esbuild.
//
//   node build.mjs --out DIR              the page as it is embedded: index.html, assets/NAME-HASH.*
//   node build.mjs --serve PORT --api URL builds anew at each change and serves it; /api and /metrics go on to URL
//   node build.mjs --tests DIR            test/**/*.test.ts as programs for `node --test`
//
// Fails when what a first visit loads is more than 300 kB packed. Chunks of import() are not counted.
import { createServer, request } from 'node:http';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { ensureModules } from './modules.mjs';

const FIRST_LOAD_BYTES_MAX = 300_000;
const web = dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const option = (name) => {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
};

ensureModules(web);
if (process.exitCode) process.exit();
const esbuild = await import('esbuild');

const page = (outdir, more) => ({
  absWorkingDir: web,
  entryPoints: { app: 'src/main.tsx' },
  outdir,
  entryNames: 'assets/[name]-[hash]',
  chunkNames: 'assets/[name]-[hash]',
  assetNames: 'assets/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['es2021', 'chrome100', 'firefox100', 'safari15'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  metafile: true,
  legalComments: 'none',
  loader: { '.svg': 'file' },
  logLevel: 'error',
  ...more,
});

/** index.html names the hashed files; returns what the first visit loads. */
function finish(outdir, metafile) {
  const outputs = Object.entries(metafile.outputs).map(([path, info]) => ({ path: join(web, path), info }));
  const entry = outputs.find((each) => each.info.entryPoint === 'src/main.tsx');
  const names = { APP_JS: entry.path, APP_CSS: entry.info.cssBundle ? join(web, entry.info.cssBundle) : '' };
  let html = readFileSync(join(web, 'index.html'), 'utf8');
  for (const [key, path] of Object.entries(names)) {
    html = html.replace(`{{${key}}}`, `/${relative(outdir, path)}`);
  }
  writeFileSync(join(outdir, 'index.html'), html);
  if (existsSync(join(web, 'static'))) cpSync(join(web, 'static'), outdir, { recursive: true });
  const first = new Set([join(outdir, 'index.html'), names.APP_CSS]);
  const follow = (path) => {
    if (first.has(path)) return;
    first.add(path);
    const info = outputs.find((each) => each.path === path)?.info;
    for (const each of info?.imports ?? []) {
      if (each.kind === 'import-statement') follow(join(web, each.path));
    }
  };
  follow(entry.path);
  first.delete('');
  return [...first].map((path) => ({ path: relative(outdir, path), packed: gzipSync(readFileSync(path), { level: 9 }).length }));
}

async function build(outdir) {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const { metafile } = await esbuild.build(page(outdir, {}));
  const first = finish(outdir, metafile);
  const sum = first.reduce((total, each) => total + each.packed, 0);
  for (const each of first) console.log(`${String(each.packed).padStart(8)} B packed  ${each.path}`);
  console.log(`${String(sum).padStart(8)} B packed  first load; ${FIRST_LOAD_BYTES_MAX} at most`);
  if (sum > FIRST_LOAD_BYTES_MAX) {
    console.error('the first load is too large: make a view lazy by import()');
    process.exitCode = 1;
  }
}

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'";

async function serve(port, api) {
  const outdir = join(web, 'node_modules', '.serve');
  rmSync(outdir, { recursive: true, force: true });
  const context = await esbuild.context(
    page(outdir, {
      minify: false,
      sourcemap: false,
      plugins: [
        {
          name: 'finish',
          setup: (build) => build.onEnd((result) => { if (result.metafile) finish(outdir, result.metafile); }),
        },
      ],
    }),
  );
  await context.watch();
  const to = new URL(api);
  createServer((ask, answer) => {
    const path = new URL(ask.url, 'http://page').pathname;
    if (path.startsWith('/api/') || path === '/api' || path === '/metrics') {
      const headers = { ...ask.headers, host: to.host };
      if (headers.origin) headers.origin = to.origin;
      const on = request({ host: to.hostname, port: to.port, path: ask.url, method: ask.method, headers }, (got) => {
        answer.writeHead(got.statusCode, got.headers);
        got.pipe(answer);
        got.on('close', () => answer.destroy());
      });
      on.on('error', () => {
        if (!answer.headersSent) answer.writeHead(502);
        answer.end();
      });
      answer.on('close', () => on.destroy());
      ask.pipe(on);
      return;
    }
    const wanted = join(outdir, path);
    const file = extname(path) && wanted.startsWith(outdir) && existsSync(wanted) ? wanted : join(outdir, 'index.html');
    answer.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': CSP,
      'cache-control': 'no-store',
    });
    answer.end(readFileSync(file));
  }).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port} asks ${api}`));
}

async function tests(outdir) {
  rmSync(outdir, { recursive: true, force: true });
  const find = (folder) =>
    readdirSync(folder, { withFileTypes: true }).flatMap((each) => {
      const path = join(folder, each.name);
      if (each.isDirectory()) return each.name === 'node_modules' ? [] : find(path);
      return each.name.endsWith('.test.ts') ? [path] : [];
    });
  const entryPoints = find(join(web, 'src'));
  await esbuild.build({
    absWorkingDir: web,
    entryPoints,
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node18',
    outExtension: { '.js': '.mjs' },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'error',
  });
}

if (option('--serve')) {
  await serve(Number(option('--serve')), option('--api') ?? 'http://127.0.0.1:8088');
} else if (option('--tests')) {
  await tests(option('--tests'));
} else if (option('--out')) {
  await build(option('--out'));
} else {
  console.error('build.mjs: --out DIR, --tests DIR, or --serve PORT --api URL');
  process.exitCode = 64;
}
