// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Device, Link } from '../api/types';
import { blastOf, search, topologyOf } from './topology';

const device = (name: string, kind: string): Device => {
  const slash = name.indexOf('/');
  return { id: `dev-${name}`, name, kind, ports: [], ...(slash > 0 ? { parent: name.slice(0, slash) } : {}) };
};
const link = (a: string, b: string): Link => ({ id: `lnk-${a}`, name: `${a}--${b}`, a, b, protocol: 'pcie6', lanes: 4, segments: [] });

/** Two servers: a processor, a GPU and a NIC each; one leaf, one scale-up switch. */
const devices = ['s10', 's2'].flatMap((each) => [
  device(`${each}/cpu0`, 'processor'), device(`${each}/gpu0`, 'accelerator'), device(`${each}/nic0`, 'nic'),
]).concat([device('leaf0', 'switch'), device('x0', 'switch')]);
const links = ['s10', 's2'].flatMap((each, i) => [
  link(`${each}/cpu0/p0`, `${each}/gpu0/p0`), link(`${each}/cpu0/p1`, `${each}/nic0/p0`),
  link(`${each}/gpu0/up0`, `x0/p${i}`), link(`${each}/nic0/eth0`, `leaf0/p${i}`),
]);

test('layers, sides and order do not depend on the order of the input', () => {
  const one = topologyOf(devices, links);
  const other = topologyOf([...devices].reverse(), links);
  assert.deepEqual(one.nodes, other.nodes);
  assert.deepEqual(one.layers.map((each) => each.title), ['Network', 'NICs', 'Processors', 'Accelerators', 'Scale-up switches']);
  assert.deepEqual(one.machines.map((each) => each.name), ['s2', 's10']);
  assert.equal(one.edges.length, 8);
  assert.deepEqual(one.edges.slice(0, 4).map((each) => each.side), ['host', 'host', 'scale-up', 'network']);
  for (const node of one.nodes) assert(node.x >= 0 && node.x <= one.width);
});

test('what a loss takes with it', () => {
  const all = topologyOf(devices, links);
  const nic = all.byName.get('s2/nic0')!;
  const edge = all.edges.findIndex((each) => each.name.startsWith('s2/nic0/eth0'));
  const redundant = blastOf(all, { edge });
  assert.deepEqual(redundant.cutOff, [], 'the scale-up side is another way');
  assert.deepEqual(redundant.narrowed.map((each) => [all.nodes[each.node]!.name, each.lost, each.of]).sort(),
    [['leaf0', 1, 2], ['s2/nic0', 1, 2]]);
  const processor = blastOf(topologyOf(devices, links.slice(0, 3)), { node: 0 });
  assert.equal(processor.links.length > 0, true);
  const thin = topologyOf(devices, links.filter((each) => !each.name.includes('leaf0')));
  const cut = blastOf(thin, { edge: thin.edges.findIndex((each) => each.name.startsWith('s2/cpu0/p1')) });
  assert.deepEqual(cut.cutOff.map((each) => thin.nodes[each]!.name), ['s2/nic0']);
  assert.equal(blastOf(all, { node: nic }).links.length, 2);
});

test('search finds devices before links', () => {
  const all = topologyOf(devices, links);
  assert.equal(search(all, 'NIC0', 9)[0]?.name, 's2/nic0');
  assert.equal(search(all, 'nic0/eth0', 9)[0]?.edge !== undefined, true);
  assert.deepEqual(search(all, ' ', 9), []);
});
