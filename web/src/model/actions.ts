// SPDX-License-Identifier: Apache-2.0
// What of a link can be acted on, which actions there are for it, and which of those that were done are its. Pure.
import type { ActionKind, ActionRow, Device, Link, TargetKind, UndoAnswer } from '../api/types';

export interface Target {
  /** As POST /api/v1/actions takes it. */
  name: string;
  /** Of the fabric, for what was done there. */
  subject: string;
  kind: TargetKind;
}

/** The link itself where it trains by registers of PCIe, and what it runs through: retimers, cables' ends. */
export function targetsOf(link: Link, devices: ReadonlyMap<string, Device>): Target[] {
  const out: Target[] = [];
  if (/^(pcie|cxl)/.test(link.protocol)) out.push({ name: link.name, subject: link.id, kind: 'link' });
  for (const name of new Set(link.segments.flatMap((each) => (each.retimer ? [each.retimer] : [])))) {
    const device = devices.get(name);
    if (device) out.push({ name, subject: device.id, kind: device.kind === 'retimer' ? 'retimer' : 'module' });
  }
  return out;
}

export function kindsOf(target: Target, kinds: readonly ActionKind[]): ActionKind[] {
  return kinds.filter((each) => each.targets.includes(target.kind));
}

/** Whether lanes must be named: "without any …" says that they need not. */
export function needsLanes(kind: ActionKind): boolean {
  return kind.lanes !== undefined && !kind.lanes.includes('without');
}

/** Those of these targets, and those of verbs, of which no record says whose they are, while they are open. */
export function doneTo(targets: readonly Target[], rows: readonly ActionRow[]): ActionRow[] {
  const subjects = new Set(targets.map((each) => each.subject));
  return rows.filter((each) => (each.subject ? subjects.has(each.subject) : each.state === 'open'));
}

export function undoText({ applied, undo }: UndoAnswer): string {
  const lines = undo.journals.flatMap((each) => each.registers.map((one) => `  ${one.device} ${one.place} back to ${one.old}`));
  return `${applied ? 'Put back' : 'Would be put back'}:\n${lines.join('\n')}`;
}
