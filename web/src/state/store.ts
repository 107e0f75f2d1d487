// SPDX-License-Identifier: Apache-2.0
// What the page knows now, as signals: about the server, the fabric, findings, which machines were heard. The stream
// says when findings change; the rest is asked again at a calm pace.
import { computed, signal } from '@preact/signals';
import { get, getAll } from '../api/client';
import { connection, run } from '../api/stream';
import type { About, FabricAnswer, Finding, LastAnswer } from '../api/types';
import { parseTime } from '../format/time';
import { fabricOf, levelOfLinks, levelsOf, type Fabric } from './fabric';
import { findingsAfter, living, type FindingChange, type Findings } from './findings';

const ABOUT_EVERY_MS = 5_000;
const HEARD_EVERY_MS = 15_000;
const FABRIC_EVERY_MS = 60_000;
const FINDINGS_MOST = 10_000;

export const about = signal<About | undefined>(undefined);
export const fabric = signal<Fabric | undefined>(undefined);
export const findings = signal<Findings>(new Map());
export const hasFindings = signal(false);
/** Machines by host name, and when each was last heard (ms). Undefined: not known yet. */
export const heard = signal<ReadonlyMap<string, number> | undefined>(undefined);
/** The server's clock: world time of a twin. */
export const now = signal(Date.now());
/** Grows with every action that the server tells of. */
export const actionNews = signal(0);
/** What could not be asked at start, in words. */
export const trouble = signal('');

export const openFindings = computed(() => living(findings.value));
export const deviceLevels = computed(() => (fabric.value ? levelsOf(fabric.value, openFindings.value) : new Map()));
export const linkLevels = computed(() => (fabric.value ? levelOfLinks(fabric.value, openFindings.value) : new Map()));
export const isSimulated = computed(() => about.value?.simulated === true);
/** Whether who looks may also write. */
export const mayWrite = computed(() => about.value?.role === 'operator' || about.value?.role === 'admin');

function change(by: FindingChange): void {
  findings.value = findingsAfter(findings.value, by);
}

export function sawNow(iso: string | undefined): void {
  const at = parseTime(iso);
  if (at !== undefined) now.value = at;
}

async function askAbout(): Promise<void> {
  const answer = await get<About>('/api/v1');
  about.value = answer;
  sawNow(answer.now);
}

async function askFabric(): Promise<void> {
  const answer = await get<FabricAnswer>('/api/v1/fabric');
  // The same object comes back while nothing changed, and the model is kept with it.
  if (answer !== lastFabric) fabric.value = fabricOf(answer);
  lastFabric = answer;
}
let lastFabric: FabricAnswer | undefined;

async function askFindings(): Promise<void> {
  change({ kind: 'all', findings: await getAll<Finding>('/api/v1/findings?phase=all', 'findings', FINDINGS_MOST) });
  hasFindings.value = true;
}

async function askHeard(): Promise<void> {
  const answer = await get<LastAnswer>('/api/v1/last?metric=host_uptime&since_s=604800&count=10000');
  heard.value = new Map(answer.values.map((each) => [each.label || each.host || '', each.at * 1000]));
}

/** Asks again and again, never twice at once, and not while nobody looks. */
function every(ms: number, ask: () => Promise<void>): void {
  const round = async (): Promise<void> => {
    if (document.visibilityState === 'visible' && connection.value.phase !== 'lost') {
      try {
        await ask();
        trouble.value = '';
      } catch (error) {
        trouble.value = error instanceof Error ? error.message : String(error);
      }
    }
    window.setTimeout(() => void round(), ms);
  };
  void round();
}

export function start(): void {
  every(ABOUT_EVERY_MS, askAbout);
  every(FABRIC_EVERY_MS, askFabric);
  every(HEARD_EVERY_MS, askHeard);
  void run(
    (event) => {
      if (event.event === 'finding') change({ kind: 'one', finding: JSON.parse(event.data) as Finding });
      else if (event.event === 'finding_gone') change({ kind: 'gone', id: (JSON.parse(event.data) as { id: string }).id });
      else if (event.event === 'action') actionNews.value++;
      else if (event.event === 'reset') void askFindings().catch(() => undefined);
    },
    () => {
      for (const ask of [askFindings, askAbout, askFabric]) void ask().catch(() => undefined);
    },
  );
}
