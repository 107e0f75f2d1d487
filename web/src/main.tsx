// SPDX-License-Identifier: Apache-2.0
// Where the page starts.
import { render } from 'preact';
import { Shell } from './shell';
import { listen } from './state/location';
import { start } from './state/store';
import './style.css';
import './state/theme';

const root = document.getElementById('app');
if (root) {
  listen();
  start();
  root.replaceChildren();
  render(<Shell />, root);
}
