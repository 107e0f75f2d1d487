// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FabricAnswer, Finding, Hypothesis, Link } from '../api/types';
import { fabricOf, levelsOf, linksOf, machineOf, placesOf } from '../state/fabric';
import { findingsAfter, inOrder, worstOf, type Findings } from '../state/findings';
import { badLanes, lanesText, pathOf } from './path';
import { racksOf, stripOf } from './rack';

const cable: Link = {
  id: 'lnk-1', name: 'server0/nic0/eth0--leaf0/port0', a: 'server0/nic0/eth0', b: 'leaf0/port0', protocol: 'eth-800g-100', lanes: 8,
  segments: [
    { medium: 'board', length_mm: 80, retimer: 'server0/cable0' },
    { medium: 'aec', length_mm: 2500, retimer: 'leaf0/cable0' },
    { medium: 'board', length_mm: 150 },
  ],
};
const riser: Link = {
  id: 'lnk-2', name: 'server0/cpu0/pcie0--server0/psw0/up0', a: 'server0/cpu0/pcie0', b: 'server0/psw0/up0', protocol: 'pcie6', lanes: 16,
  segments: [{ medium: 'board', length_mm: 200, retimer: 'server0/retimer0' }, { medium: 'board', length_mm: 150 }],
};
const device = (name: string, kind: string, more: object = {}) => ({ id: `dev-${name}`, name, kind, ports: [], ...more });
const answer: FabricAnswer = {
  schema: 'weftline/fabric/1', name: 'pod', totals: [], links: [cable, riser],
  devices: [
    device('server0', 'host', { position: { row: 1, rack: 'r1', unit: 1 } }),
    device('server1', 'host', { position: { row: 1, rack: 'r1', unit: 9 } }),
    device('leaf0', 'switch', { position: { row: 1, rack: 'r1', unit: 40 } }),
    device('campus', 'switch', { position: { row: 9 } }),
    device('server0/nic10', 'nic', { parent: 'server0' }),
    device('server0/nic0', 'nic', { parent: 'server0' }),
    device('server0/cpu0', 'processor', { parent: 'server0' }),
  ],
};
const finding = (id: string, more: Partial<Finding> = {}): Finding => ({
  id, phase: 'open', level: 'warning', code: 'link_errors', place: cable.name, sentence: 'up, and wrong', opened: '2026-01-01T00:00:00Z',
  updated: '2026-01-01T00:00:00Z', recurrences: 0, victims: [], subject: 'lnk-1', ...more,
});
const guess = (segment: string, probability: number, lanes?: number[]): Hypothesis => ({
  cause: 'c', words: `wrong at ${segment}`, probability, segment, direction: 'toward_b', toward: 'leaf0/port0', ...(lanes ? { lanes } : {}),
});

test('the picture runs from SerDes to SerDes over every segment and module', () => {
  assert.deepEqual(pathOf(cable).stretches.map((each) => each.key), [
    'serdes_a', 'board_a', 'module_a', 'connector', 'cable', 'module_b', 'board_b', 'serdes_b',
  ]);
  const keys = pathOf(riser).stretches.map((each) => each.key);
  assert.deepEqual(keys.filter((each) => each !== 'connector'), ['serdes_a', 'board_a', 'retimer', 'board_b', 'serdes_b']);
  assert.equal(pathOf(cable).stretches[4]?.detail, '2.5\u00a0m');
  assert.ok(pathOf(cable).stretches.every((each) => each.verdict === 'not judged'));
});

test('belief adds up by stretch, and what fits none is kept', () => {
  const path = pathOf(cable, {
    hypotheses: [guess('cable', 0.45, [5]), guess('module_b', 0.13, [5]), guess('cable', 0.07, [2]), guess('shared', 0.1)],
    unknown: 0.2,
  });
  const at = (key: string) => path.stretches.find((each) => each.key === key)!;
  assert.ok(Math.abs(at('cable').belief - 0.52) < 1e-9);
  assert.equal(at('cable').verdict, 'likely');
  assert.equal(at('cable').words, 'wrong at cable');
  assert.deepEqual(at('cable').lanes, [2, 5]);
  assert.equal(at('module_b').verdict, 'possible');
  assert.equal(at('serdes_a').verdict, 'not suspected');
  assert.ok(Math.abs(path.elsewhere - 0.3) < 1e-9);
  assert.equal(path.toward, 'leaf0/port0');
});

test('where nothing is sure the strongest is still shown', () => {
  const path = pathOf(cable, { hypotheses: [guess('module_a', 0.2), guess('module_b', 0.1)], unknown: 0.7 });
  assert.equal(path.stretches.find((each) => each.key === 'module_a')?.verdict, 'likely');
  assert.equal(path.stretches.find((each) => each.key === 'module_b')?.verdict, 'possible');
});

test('lanes are named, or said not to be known', () => {
  assert.equal(lanesText([5]), 'lane 5');
  assert.equal(lanesText([2, 5]), 'lanes 2, 5');
  assert.equal(lanesText([]), 'all lanes, or not known which');
  assert.deepEqual(badLanes({ hypotheses: [guess('shared', 0.6), guess('cable', 0.2, [5])] }), [5]);
});

test('a finding about a link marks its ends and their machines', () => {
  const fabric = fabricOf(answer);
  assert.deepEqual(placesOf(fabric, finding('f')), ['server0/nic0', 'leaf0', 'server0/cable0', 'leaf0/cable0']);
  const levels = levelsOf(fabric, [finding('f', { level: 'critical' })]);
  assert.equal(levels.get('server0'), 'critical');
  assert.equal(levels.get('leaf0'), 'critical');
  assert.equal(levels.get('server1'), undefined);
  assert.equal(machineOf('server0/nic0/eth0'), 'server0');
  assert.equal(linksOf(fabric, 'leaf0').length, 1);
});

test('machines stand by unit from the top down, and parts count as people do', () => {
  const fabric = fabricOf(answer);
  const racks = racksOf(fabric);
  assert.deepEqual(racks.map((each) => each.name), ['r1', '']);
  assert.deepEqual(racks[0]?.shelves.map((each) => [each.unit, each.height]), [[40, 2], [9, 8], [1, 8]]);
  assert.equal(racks[1]?.shelves[0]?.unit, undefined);
  const strip = stripOf(fabric, fabric.deviceByName.get('server0')!);
  assert.deepEqual(strip.map((each) => each.kind), ['processor', 'nic']);
  assert.deepEqual(strip[1]?.parts.map((each) => each.name), ['server0/nic0', 'server0/nic10']);
});

test('findings change by the stream, and a late list does not undo it', () => {
  let all: Findings = new Map();
  all = findingsAfter(all, { kind: 'all', findings: [finding('a'), finding('b', { level: 'critical' })] });
  all = findingsAfter(all, { kind: 'one', finding: finding('a', { updated: '2026-01-02T00:00:00Z', level: 'note' }) });
  all = findingsAfter(all, { kind: 'one', finding: finding('a', { updated: '2026-01-01T12:00:00Z', level: 'critical' }) });
  assert.equal(all.get('a')?.level, 'note');
  assert.deepEqual(inOrder(all).map((each) => each.id), ['b', 'a']);
  all = findingsAfter(all, { kind: 'gone', id: 'b' });
  assert.deepEqual([...all.keys()], ['a']);
  assert.equal(worstOf([...all.values()]), 'note');
  assert.equal(worstOf([]), 'ok');
});
