// SPDX-License-Identifier: Apache-2.0
// Where machines stand: racks by row and name, machines by unit. A rack file says at which unit a machine begins
// and not how tall it is, so a machine reaches to the next one, to a bound by its kind. Pure.
import type { Device } from '../api/types';
import { byName, type Fabric } from '../state/fabric';

export interface Shelf {
  /** Lowest unit; 1 is at the bottom. Undefined: the plan does not say. */
  unit: number | undefined;
  height: number;
  machines: Device[];
}

export interface Rack {
  row: number | undefined;
  name: string;
  /** From the top down, as one stands before it. */
  shelves: Shelf[];
}

const HEIGHT_MOST: Record<string, number> = { host: 8, enclosure: 8, accelerator: 2, switch: 2 };
const RACK_UNITS = 42;

export function racksOf(fabric: Fabric): Rack[] {
  const groups = new Map<string, { row: number | undefined; name: string; machines: Device[] }>();
  for (const device of fabric.devices) {
    if (device.parent !== undefined) continue;
    const name = device.position?.rack ?? '';
    const row = device.position?.row;
    const key = `${row ?? ''}|${name}`;
    const group = groups.get(key) ?? { row, name, machines: [] };
    group.machines.push(device);
    groups.set(key, group);
  }
  return [...groups.values()]
    .map((group) => ({ row: group.row, name: group.name, shelves: shelvesOf(group.machines) }))
    .sort(
      (a, b) =>
        Number(a.name === '') - Number(b.name === '') || (a.row ?? 1e9) - (b.row ?? 1e9) || byName(a, b),
    );
}

function shelvesOf(machines: Device[]): Shelf[] {
  const units = new Map<number | undefined, Device[]>();
  for (const machine of machines) {
    const unit = machine.position?.unit ?? trayNumber(machine);
    const held = units.get(unit);
    if (held) held.push(machine);
    else units.set(unit, [machine]);
  }
  const placed = [...units.keys()].filter((each): each is number => each !== undefined).sort((a, b) => a - b);
  const shelves: Shelf[] = placed.map((unit, at) => {
    const on = units.get(unit)!.sort(byName);
    const room = (placed[at + 1] ?? RACK_UNITS + 1) - unit;
    const most = Math.max(...on.map((each) => HEIGHT_MOST[each.kind] ?? 2));
    return { unit, height: Math.max(1, Math.min(room, most)), machines: on };
  });
  shelves.reverse();
  const loose = units.get(undefined);
  if (loose) shelves.push({ unit: undefined, height: 1, machines: loose.sort(byName) });
  return shelves;
}

function trayNumber(machine: Device): number | undefined {
  const tray = machine.position?.tray;
  if (tray === undefined) return undefined;
  const number = typeof tray === 'number' ? tray : Number.parseInt(tray, 10);
  return Number.isNaN(number) ? undefined : number;
}

export interface PartGroup {
  kind: string;
  parts: readonly Device[];
}

/** A machine's parts in groups by kind, as the strip on its front shows them. */
export function stripOf(fabric: Fabric, machine: Device): PartGroup[] {
  const order = ['processor', 'accelerator', 'switch', 'memory-controller', 'nic', 'storage', 'retimer', 'cable-module'];
  const groups = new Map<string, Device[]>();
  for (const part of fabric.childrenOf.get(machine.name) ?? []) {
    const held = groups.get(part.kind);
    if (held) held.push(part);
    else groups.set(part.kind, [part]);
  }
  const rank = (kind: string): number => (order.indexOf(kind) < 0 ? order.length : order.indexOf(kind));
  return [...groups.entries()]
    .map(([kind, parts]) => ({ kind, parts: [...parts].sort(byName) }))
    .sort((a, b) => rank(a.kind) - rank(b.kind));
}
