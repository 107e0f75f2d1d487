// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActionKind, ActionRow, Device, Link } from '../api/types';
import { doneTo, kindsOf, needsLanes, targetsOf, undoText } from './actions';

const device = (name: string, kind: string): Device => ({ id: `dev-${name}`, name, kind, ports: [] });
const devices = new Map([device('s/cable0', 'cable-module'), device('s/rt0', 'retimer')].map((each) => [each.name, each]));
const link = (protocol: string, retimers: string[]): Link => ({
  id: 'lnk-1', name: 'a--b', a: 'a', b: 'b', protocol, lanes: 4,
  segments: [...retimers.map((retimer) => ({ medium: 'board', retimer })), { medium: 'board' }],
});

test('a PCIe link is a target itself, an Ethernet link by its modules', () => {
  assert.deepEqual(targetsOf(link('pcie6', ['s/rt0', 's/rt0']), devices).map((each) => [each.name, each.kind]), [['a--b', 'link'], ['s/rt0', 'retimer']]);
  assert.deepEqual(targetsOf(link('eth-800g-100', ['s/cable0', 's/gone']), devices), [{ name: 's/cable0', subject: 'dev-s/cable0', kind: 'module' }]);
});

test('actions are those for its kind, and say whether they need lanes', () => {
  const kinds = [
    { action: 'link retrain', targets: ['link'] }, { action: 'device restart', targets: ['retimer', 'module'], lanes: '0 to 7; without any those in use' },
    { action: 'device disable-lane', targets: ['module'], lanes: '0 to 7' },
  ] as ActionKind[];
  assert.deepEqual(kindsOf({ name: 'm', subject: 'x', kind: 'module' }, kinds).map((each) => each.action), ['device restart', 'device disable-lane']);
  assert.deepEqual(kinds.map(needsLanes), [false, false, true]);
});

test('what was done elsewhere is left out, what a verb left open is not', () => {
  const row = (id: string, state: ActionRow['state'], subject?: string): ActionRow => ({ id, at: '', by: '', action: 'x', target: 't', state, ...(subject ? { subject } : {}) });
  const rows = [row('1', 'done', 'lnk-1'), row('2', 'done', 'lnk-2'), row('journal-3', 'open'), row('4', 'done')];
  assert.deepEqual(doneTo([{ name: 'a--b', subject: 'lnk-1', kind: 'link' }], rows).map((each) => each.id), ['1', 'journal-3']);
});

test('an undo says each register', () => {
  const undo = { journals: [{ registers: [{ device: 'd', place: '0x050', old: '0x0040' }] }] };
  assert.equal(undoText({ applied: false, undo }), 'Would be put back:\n  d 0x050 back to 0x0040');
});
