// SPDX-License-Identifier: Apache-2.0
// Fetches what package-lock.json names into node_modules/, once for each state of the lock, however many builds
// ask at a time. For build.mjs and check. Ends in 69 (EX_UNAVAILABLE) with one line when npm cannot fetch.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LOCK_AGE_MS_MAX = 300_000;
export const EX_UNAVAILABLE = 69;

function pause(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** A folder is made by one process only; who finds an old one takes it for left over. */
function take(folder) {
  for (;;) {
    try {
      mkdirSync(folder);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      let age = 0;
      try {
        age = Date.now() - statSync(folder).mtimeMs;
      } catch {
        continue;
      }
      if (age > LOCK_AGE_MS_MAX) {
        rmdirSync(folder);
        continue;
      }
      pause(200);
    }
  }
}

export function ensureModules(web) {
  const wanted = createHash('sha256').update(readFileSync(join(web, 'package-lock.json'))).digest('hex');
  const stamp = join(web, 'node_modules', '.weft-lock');
  const isThere = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (isThere()) return;
  const lock = join(web, '.modules-lock');
  take(lock);
  try {
    if (isThere()) return;
    try {
      execFileSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], { cwd: web, stdio: 'pipe' });
    } catch (error) {
      const said = String(error.stderr || error.message).split('\n').filter((line) => line.trim() !== '');
      console.error(`npm ci could not fetch what web/package-lock.json names: ${said[0] ?? 'no word of why'}`);
      process.exitCode = EX_UNAVAILABLE;
      return;
    }
    writeFileSync(stamp, wanted);
  } finally {
    rmdirSync(lock);
  }
}
