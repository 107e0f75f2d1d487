// SPDX-License-Identifier: Apache-2.0
// What is wrong, kept up to date by the stream: a reducer and the order in which people read. Pure.
import type { Finding, Level } from '../api/types';

export type Findings = ReadonlyMap<string, Finding>;

export type FindingChange =
  | { kind: 'all'; findings: Finding[] }
  | { kind: 'one'; finding: Finding }
  | { kind: 'gone'; id: string };

export function findingsAfter(before: Findings, change: FindingChange): Findings {
  if (change.kind === 'all') return new Map(change.findings.map((each) => [each.id, each]));
  const out = new Map(before);
  if (change.kind === 'gone') {
    out.delete(change.id);
    return out;
  }
  // A list that was asked for before this change may come after it.
  const known = out.get(change.finding.id);
  if (known && known.updated > change.finding.updated) return before;
  out.set(change.finding.id, change.finding);
  return out;
}

const RANK: Record<Level, number> = { critical: 0, warning: 1, unknown: 2, note: 3, ok: 4 };

export function worse(a: Level, b: Level): Level {
  return RANK[a] <= RANK[b] ? a : b;
}

/** Open before quiet before closed, worst first, then the oldest: a row keeps its place while it lives. */
export function inOrder(findings: Findings): Finding[] {
  const phase = { open: 0, quiet: 1, closed: 2 };
  return [...findings.values()].sort(
    (a, b) =>
      phase[a.phase] - phase[b.phase] ||
      RANK[a.level] - RANK[b.level] ||
      a.opened.localeCompare(b.opened) ||
      a.id.localeCompare(b.id),
  );
}

export function living(findings: Findings): Finding[] {
  return inOrder(findings).filter((each) => each.phase !== 'closed');
}

export function worstOf(findings: readonly Pick<Finding, 'level'>[]): Level {
  return findings.reduce<Level>((worst, each) => worse(worst, each.level), 'ok');
}
