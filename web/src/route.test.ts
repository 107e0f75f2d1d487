// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { match } from './route';

test('paths fit their pattern and nothing else', () => {
  assert.deepEqual(match('/', '/'), {});
  assert.equal(match('/', '/findings'), undefined);
  assert.deepEqual(match('/findings', '/findings/'), {});
  assert.deepEqual(match('/links/{id}', '/links/a%2Fb'), { id: 'a/b' });
  assert.equal(match('/links/{id}', '/links/'), undefined);
  assert.equal(match('/links/{id}', '/links/a/b'), undefined);
  assert.equal(match('/links/{id}', '/links/%ff'), undefined);
});
