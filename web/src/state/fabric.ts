// SPDX-License-Identifier: Apache-2.0
// The fabric as the page walks through it: devices by name, what holds what, which link ends where. Pure.
import type { Device, FabricAnswer, Finding, Level, Link } from '../api/types';
import { worse } from './findings';

export interface Fabric {
  name: string;
  description: string;
  devices: readonly Device[];
  links: readonly Link[];
  totals: FabricAnswer['totals'];
  deviceByName: ReadonlyMap<string, Device>;
  deviceById: ReadonlyMap<string, Device>;
  linkById: ReadonlyMap<string, Link>;
  linkByName: ReadonlyMap<string, Link>;
  /** "server0/nic0/eth0" -> its link. */
  linkByPort: ReadonlyMap<string, Link>;
  childrenOf: ReadonlyMap<string, readonly Device[]>;
  /** Ids of ports to "server0/nic0/eth0". */
  portName: ReadonlyMap<string, string>;
}

export function deviceOfPort(port: string): string {
  return port.slice(0, Math.max(0, port.lastIndexOf('/')));
}

/** The top-level device that holds it: "server0/nic0/eth0" -> "server0". */
export function machineOf(name: string): string {
  const slash = name.indexOf('/');
  return slash < 0 ? name : name.slice(0, slash);
}

export function fabricOf(answer: FabricAnswer): Fabric {
  const childrenOf = new Map<string, Device[]>();
  const portName = new Map<string, string>();
  for (const device of answer.devices) {
    for (const port of device.ports) portName.set(port.id, `${device.name}/${port.name}`);
    if (device.parent === undefined) continue;
    const held = childrenOf.get(device.parent);
    if (held) held.push(device);
    else childrenOf.set(device.parent, [device]);
  }
  const linkByPort = new Map<string, Link>();
  for (const link of answer.links) {
    linkByPort.set(link.a, link);
    linkByPort.set(link.b, link);
  }
  return {
    name: answer.name,
    description: answer.description ?? '',
    devices: answer.devices,
    links: answer.links,
    totals: answer.totals,
    deviceByName: new Map(answer.devices.map((each) => [each.name, each])),
    deviceById: new Map(answer.devices.map((each) => [each.id, each])),
    linkById: new Map(answer.links.map((each) => [each.id, each])),
    linkByName: new Map(answer.links.map((each) => [each.name, each])),
    linkByPort,
    childrenOf,
    portName,
  };
}

/** Links that end at a device or at anything in it. */
export function linksOf(fabric: Fabric, device: string): Link[] {
  const within = (port: string): boolean => port.startsWith(`${device}/`);
  return fabric.links.filter((link) => within(link.a) || within(link.b));
}

/** Names of the devices that a finding speaks of; of a link both its ends and what it runs through. */
export function placesOf(fabric: Fabric, finding: Pick<Finding, 'place' | 'subject'>): string[] {
  const { subject } = finding;
  const link = (subject && fabric.linkById.get(subject)) || fabric.linkByName.get(finding.place);
  if (link) {
    const through = link.segments.flatMap((each) => (each.retimer ? [each.retimer] : []));
    return [deviceOfPort(link.a), deviceOfPort(link.b), ...through];
  }
  const device = (subject && fabric.deviceById.get(subject)) || fabric.deviceByName.get(finding.place);
  if (device) return [device.name];
  const port = subject ? fabric.portName.get(subject) : undefined;
  if (port) return [deviceOfPort(port)];
  const first = finding.place.split(/[ ,]/)[0] ?? '';
  return fabric.deviceByName.has(machineOf(first)) ? [machineOf(first)] : [];
}

/** The worst level at each device and at the machine that holds it. */
export function levelsOf(fabric: Fabric, findings: readonly Finding[]): Map<string, Level> {
  const out = new Map<string, Level>();
  const raise = (name: string, level: Level): void => {
    out.set(name, worse(out.get(name) ?? 'ok', level));
  };
  for (const finding of findings) {
    for (const place of placesOf(fabric, finding)) {
      for (let name = place; name !== ''; name = deviceOfPort(name)) raise(name, finding.level);
    }
  }
  return out;
}

export function levelOfLinks(fabric: Fabric, findings: readonly Finding[]): Map<string, Level> {
  const out = new Map<string, Level>();
  for (const finding of findings) {
    const link = (finding.subject && fabric.linkById.get(finding.subject)) || fabric.linkByName.get(finding.place);
    if (link) out.set(link.id, worse(out.get(link.id) ?? 'ok', finding.level));
  }
  return out;
}

const collator = new Intl.Collator('en', { numeric: true });

/** Numbers in names count as numbers: port2 before port10. */
export function byName(a: { name: string }, b: { name: string }): number {
  return collator.compare(a.name, b.name);
}
