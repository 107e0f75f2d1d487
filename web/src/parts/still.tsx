// SPDX-License-Identifier: Apache-2.0
// A part of a view that is rendered anew only when what it is given changes: for pages of thousands of parts of which
// few change in a second. Objects count as changed when they are others.
import { Component, type ComponentType, type FunctionComponent } from 'preact';

export function still<P extends object>(View: FunctionComponent<P>): ComponentType<P> {
  return class Still extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const before = this.props as Record<string, unknown>;
      const after = next as Record<string, unknown>;
      return Object.keys({ ...before, ...after }).some((each) => before[each] !== after[each]);
    }

    override render(): preact.ComponentChild {
      return <View {...(this.props as P)} />;
    }
  };
}
