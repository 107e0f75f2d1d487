// SPDX-License-Identifier: Apache-2.0
// How wide an element is now, for what is drawn into it.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

export function useWidth(): [RefObject<HTMLDivElement | null>, number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const host = box.current;
    if (!host) return undefined;
    const read = (): void => setWidth(host.clientWidth);
    read();
    const observer = new ResizeObserver(read);
    observer.observe(host);
    return () => observer.disconnect();
  }, []);
  return [box, width];
}
