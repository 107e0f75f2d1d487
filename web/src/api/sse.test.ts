// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventParser, connectionAfter, delayMs, startOfConnection } from './sse';

test('events come whole, however the bytes are cut', () => {
  const text = 'retry: 2000\n\nevent: hello\nid: a-0\ndata: {"findings":0}\n\n: alive\n\nevent: finding\nid: a-1\ndata: {}\n\n';
  for (let cut = 0; cut <= text.length; cut++) {
    const parser = new EventParser();
    const events = [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))];
    assert.deepEqual(events, [
      { event: 'hello', id: 'a-0', data: '{"findings":0}' },
      { event: 'finding', id: 'a-1', data: '{}' },
    ]);
    assert.equal(parser.retryMs, 2000);
  }
});

test('ends of lines may be two bytes', () => {
  const parser = new EventParser();
  assert.deepEqual([...parser.push('data: a\r'), ...parser.push('\n\r\n')], [{ event: 'message', id: '', data: 'a' }]);
});

test('data of several lines are joined, and an event without data is none', () => {
  const parser = new EventParser();
  assert.deepEqual(parser.push('data: a\ndata: b\n\nevent: x\n\n'), [{ event: 'message', id: '', data: 'a\nb' }]);
});

test('the stream goes on where it ended', () => {
  let now = connectionAfter(startOfConnection, { kind: 'opened', at: 5 });
  now = connectionAfter(now, { kind: 'heard', at: 6, id: 'a-7' });
  now = connectionAfter(now, { kind: 'heard', at: 9 });
  now = connectionAfter(now, { kind: 'ended' });
  assert.deepEqual(now, { phase: 'lost', heardAt: 9, failures: 1, lastId: 'a-7' });
  now = connectionAfter(now, { kind: 'ended' });
  assert.equal(now.failures, 2);
  now = connectionAfter(now, { kind: 'opened', at: 20 });
  assert.deepEqual(now, { phase: 'live', heardAt: 20, failures: 0, lastId: 'a-7' });
});

test('tries lie further apart, to a bound', () => {
  assert.deepEqual([1, 2, 3, 9].map((each) => delayMs(each)), [500, 1000, 2000, 10_000]);
  assert.equal(delayMs(1, 2000), 2000);
});
