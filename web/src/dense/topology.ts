// SPDX-License-Identifier: Apache-2.0
// The fabric as layers: the scale-out network on top, then the host side down to processors and memory, accelerators
// in the middle of both, the scale-up switches at the bottom. The same fabric is always laid out the same way. Also
// what a lost link or device takes with it. Pure.
import type { Device, Link } from '../api/types';

export type Side = 'host' | 'scale-up' | 'network';

export interface TopologyNode {
  name: string;
  id: string;
  kind: string;
  layer: number;
  x: number;
  /** Index in `machines`; -1: stands alone. */
  machine: number;
}

export interface TopologyEdge {
  id: string;
  name: string;
  protocol: string;
  /** Indices of nodes. */
  a: number;
  b: number;
  side: Side;
}

export interface Topology {
  nodes: readonly TopologyNode[];
  edges: readonly TopologyEdge[];
  layers: readonly { title: string; y: number }[];
  machines: readonly { name: string; x: number; width: number }[];
  width: number;
  height: number;
  byName: ReadonlyMap<string, number>;
  edgesOf: readonly (readonly number[])[];
}

export const LAYERS = [
  'Network', 'NICs', 'Memory', 'Processors', 'Switches inside', 'Storage', 'Accelerators', 'Scale-up switches',
] as const;
const LAYER_GAP = 10;
const NODE_GAP = 1.6;
const MACHINE_GAP = 5;
const INSIDE: Record<string, number> = {
  nic: 1, 'memory-controller': 2, memory: 2, processor: 3, cpu: 3, host: 3, switch: 4, bridge: 4, storage: 5, accelerator: 6,
  gpu: 6,
};

const deviceOf = (port: string): string => port.slice(0, Math.max(0, port.lastIndexOf('/')));
const topOf = (name: string): string => (name.includes('/') ? name.slice(0, name.indexOf('/')) : name);
const byNumber = new Intl.Collator('en', { numeric: true }).compare;

/** A switch that stands alone is of the scale-up side when accelerators are what it reaches. */
function layerOf(device: Device, neighbours: readonly string[], kindOf: ReadonlyMap<string, string>): number {
  if (device.parent !== undefined || topOf(device.name) !== device.name) return INSIDE[device.kind] ?? 4;
  if (device.kind !== 'switch') return INSIDE[device.kind] ?? 3;
  const accelerators = neighbours.filter((each) => /accelerator|gpu/.test(kindOf.get(each) ?? '')).length;
  return accelerators * 2 > neighbours.length ? 7 : 0;
}

function sideOf(a: TopologyNode, b: TopologyNode): Side {
  if (a.layer === 7 || b.layer === 7) return 'scale-up';
  return a.layer === 0 || b.layer === 0 ? 'network' : 'host';
}

export function topologyOf(devices: readonly Device[], links: readonly Link[]): Topology {
  const kindOf = new Map(devices.map((each) => [each.name, each.kind]));
  const neighbours = new Map<string, string[]>();
  for (const link of links) {
    for (const [from, to] of [[link.a, link.b], [link.b, link.a]] as const) {
      if (!from || !to) continue;
      const own = deviceOf(from);
      const list = neighbours.get(own);
      if (list) list.push(deviceOf(to));
      else neighbours.set(own, [deviceOf(to)]);
    }
  }
  const linked = devices.filter((each) => neighbours.has(each.name)).sort((a, b) => byNumber(a.name, b.name));
  const groups = new Map<string, Device[]>();
  const alone: Device[] = [];
  for (const device of linked) {
    const top = topOf(device.name);
    if (top === device.name) alone.push(device);
    else if (groups.has(top)) groups.get(top)!.push(device);
    else groups.set(top, [device]);
  }
  const nodes: TopologyNode[] = [];
  const machines: { name: string; x: number; width: number }[] = [];
  let left = 0;
  const layer = (device: Device): number => layerOf(device, neighbours.get(device.name) ?? [], kindOf);
  for (const [name, members] of [...groups].sort((a, b) => byNumber(a[0], b[0]))) {
    const rows = new Map<number, Device[]>();
    for (const each of members) rows.set(layer(each), [...(rows.get(layer(each)) ?? []), each]);
    const width = Math.max(...[...rows.values()].map((each) => each.length)) * NODE_GAP;
    for (const [at, row] of rows) {
      row.forEach((device, i) => nodes.push({
        name: device.name, id: device.id, kind: device.kind, layer: at, machine: machines.length,
        x: left + ((i + 0.5) * width) / row.length,
      }));
    }
    machines.push({ name, x: left, width });
    left += width + MACHINE_GAP;
  }
  const width = Math.max(10, left - MACHINE_GAP, alone.length * NODE_GAP);
  for (const at of new Set(alone.map(layer))) {
    const row = alone.filter((each) => layer(each) === at);
    row.forEach((device, i) => nodes.push({
      name: device.name, id: device.id, kind: device.kind, layer: at, machine: -1, x: ((i + 0.5) * width) / row.length,
    }));
  }
  // A small fabric is drawn as wide as a window is.
  const wide = (new Set(nodes.map((each) => each.layer)).size * LAYER_GAP * 1.7) / width;
  const stretch = Math.max(1, wide);
  for (const each of nodes) each.x *= stretch;
  for (const each of machines) {
    each.x *= stretch;
    each.width *= stretch;
  }
  const used = [...new Set(nodes.map((each) => each.layer))].sort((a, b) => a - b);
  const layers = used.map((at, i) => ({ title: LAYERS[at]!, y: i * LAYER_GAP }));
  const byName = new Map(nodes.map((each, i) => [each.name, i]));
  const edges = links.flatMap((link): TopologyEdge[] => {
    const a = byName.get(deviceOf(link.a ?? ''));
    const b = byName.get(deviceOf(link.b ?? ''));
    if (a === undefined || b === undefined) return [];
    return [{ id: link.id, name: link.name, protocol: link.protocol, a, b, side: sideOf(nodes[a]!, nodes[b]!) }];
  });
  for (const node of nodes) node.layer = used.indexOf(node.layer);
  const edgesOf: number[][] = nodes.map(() => []);
  edges.forEach((edge, i) => {
    edgesOf[edge.a]!.push(i);
    if (edge.b !== edge.a) edgesOf[edge.b]!.push(i);
  });
  return { nodes, edges, layers, machines, width: width * stretch, height: Math.max(1, (layers.length - 1) * LAYER_GAP), byName, edgesOf };
}

export interface Blast {
  /** Nodes that nothing else reaches any more. */
  cutOff: number[];
  /** Nodes that keep a way but lost a link of their own. */
  narrowed: { node: number; lost: number; of: number }[];
  links: number[];
}

/** What is lost with a link, or with a device and all its links. */
export function blastOf(topology: Topology, lost: { edge?: number; node?: number }): Blast {
  const links = lost.node !== undefined ? [...topology.edgesOf[lost.node]!] : lost.edge !== undefined ? [lost.edge] : [];
  const gone = new Set(links);
  const part = new Int32Array(topology.nodes.length).fill(-1);
  const sizes: number[] = [];
  for (let from = 0; from < topology.nodes.length; from++) {
    if (part[from] !== -1 || from === lost.node) continue;
    const own = sizes.length;
    let size = 0;
    const next = [from];
    part[from] = own;
    while (next.length > 0) {
      const at = next.pop()!;
      size++;
      for (const edge of topology.edgesOf[at]!) {
        if (gone.has(edge)) continue;
        const { a, b } = topology.edges[edge]!;
        const to = a === at ? b : a;
        if (part[to] !== -1) continue;
        part[to] = own;
        next.push(to);
      }
    }
    sizes.push(size);
  }
  // Against the parts of the whole fabric: only what came off now is cut off, and of two halves the smaller one.
  const touched = new Set(links.flatMap((edge) => [topology.edges[edge]!.a, topology.edges[edge]!.b]));
  touched.delete(lost.node ?? -1);
  const largest = Math.max(-1, ...[...touched].map((node) => sizes[part[node]!]!));
  const main = [...touched].find((node) => sizes[part[node]!] === largest);
  const cut = new Set([...touched].map((node) => part[node]!).filter((each) => main === undefined || each !== part[main]));
  const cutOff = topology.nodes.map((_, i) => i).filter((i) => i !== lost.node && cut.has(part[i]!));
  const narrowed = [...touched].filter((node) => !cut.has(part[node]!)).sort((a, b) => a - b).map((node) => ({
    node, lost: topology.edgesOf[node]!.filter((edge) => gone.has(edge)).length, of: topology.edgesOf[node]!.length,
  }));
  return { cutOff, narrowed, links };
}

/** Nodes and links whose name holds the text, devices first. */
export function search(topology: Topology, text: string, most: number): { node?: number; edge?: number; name: string }[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [];
  const out: { node?: number; edge?: number; name: string }[] = [];
  topology.nodes.forEach((each, node) => {
    if (out.length < most && each.name.toLowerCase().includes(wanted)) out.push({ node, name: each.name });
  });
  topology.edges.forEach((each, edge) => {
    if (out.length < most && (each.name.toLowerCase().includes(wanted) || each.id === wanted)) out.push({ edge, name: each.name });
  });
  return out;
}
