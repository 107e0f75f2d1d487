// SPDX-License-Identifier: Apache-2.0
// The fabric by its links: /topology. ?at=NAME chooses a device or link and says what would be lost with it.
import { useMemo, useState } from 'preact/hooks';
import { countText } from '../format/units';
import { href, type ViewProps } from '../route';
import { setQuery } from '../state/location';
import { deviceLevels, fabric, linkLevels } from '../state/store';
import { isDark } from '../state/theme';
import { CanvasView, type Spot } from './canvas_view';
import type { Theme } from './colour';
import { Sheet } from './sheet';
import { blastOf, search, topologyOf, type Topology } from './topology';
import { SIDES, TopologyScene, sideColour, type Chosen } from './topology_scene';

const FOUND_MOST = 12;
const SHAPES: readonly [string, string][] = [
  ['■', 'accelerator'], ['▬', 'switch'], ['▲', 'NIC'], ['◆', 'memory, storage'], ['●', 'processor'],
];

function chosenOf(topology: Topology, text: string | null): Chosen | undefined {
  if (!text) return undefined;
  const node = topology.byName.get(text);
  if (node !== undefined) return { node };
  const edge = topology.edges.findIndex((each) => each.id === text || each.name === text);
  return edge >= 0 ? { edge } : undefined;
}

function Search({ topology }: { topology: Topology }) {
  const [text, setText] = useState('');
  const found = useMemo(() => search(topology, text, FOUND_MOST), [topology, text]);
  return (
    <form class="dn-search" role="search" onSubmit={(event) => {
      event.preventDefault();
      if (found[0]) setQuery({ at: found[0].edge !== undefined ? topology.edges[found[0].edge]!.id : found[0].name });
    }}>
      <label>Find <input type="search" value={text} placeholder="device or link" onInput={(event) => setText(event.currentTarget.value)} /></label>
      {found.length > 0 && (
        <ul class="dn-found">
          {found.map((each) => (
            <li key={`${each.node ?? 'e'}${each.edge ?? ''}`}>
              <button type="button" onClick={() => {
                setQuery({ at: each.edge !== undefined ? topology.edges[each.edge]!.id : each.name });
                setText('');
              }}>{each.name}</button>
            </li>
          ))}
        </ul>
      )}
      {text !== '' && found.length === 0 && <span class="dn-quiet">Nothing has that in its name.</span>}
    </form>
  );
}

function BlastPanel({ scene }: { scene: TopologyScene }) {
  const { data, chosen, blast } = scene;
  if (!chosen || !blast) {
    return <p class="dn-quiet">Choose a device or a link to see what would be lost with it.</p>;
  }
  const node = chosen.node !== undefined ? data.nodes[chosen.node]! : undefined;
  const edge = chosen.edge !== undefined ? data.edges[chosen.edge]! : undefined;
  return (
    <section aria-label="What would be lost">
      <h2>{node ? <a href={href.device(node.name)}>{node.name}</a> : <a href={href.link(edge!.id)}>{edge!.name}</a>}</h2>
      <p>
        Without it {countText(blast.links.length, 'link')} {blast.links.length === 1 ? 'is' : 'are'} gone.{' '}
        {blast.cutOff.length === 0 ? 'Every other device can still be reached.' : `${countText(blast.cutOff.length, 'device')} can no longer be reached:`}
      </p>
      {blast.cutOff.length > 0 && (
        <ul class="dn-list" tabIndex={0} aria-label="Cut off">{blast.cutOff.map((each) => <li key={each}><a href={href.device(data.nodes[each]!.name)}>{data.nodes[each]!.name}</a></li>)}</ul>
      )}
      {blast.narrowed.length > 0 && (
        <>
          <p>{countText(blast.narrowed.length, 'device')} {blast.narrowed.length === 1 ? 'keeps' : 'keep'} fewer links:</p>
          <ul class="dn-list" tabIndex={0} aria-label="With fewer links">
            {blast.narrowed.map((each) => <li key={each.node}>{data.nodes[each.node]!.name}: {each.of - each.lost} of {each.of}</li>)}
          </ul>
        </>
      )}
      <p><button type="button" onClick={() => setQuery({ at: undefined })}>Choose nothing</button></p>
    </section>
  );
}

function Words({ topology }: { topology: Topology }) {
  return (
    <>
      <h2>The same in words</h2>
      <table class="dn-table">
        <thead><tr><th scope="col">Layer</th><th scope="col">Devices</th><th scope="col">Links</th></tr></thead>
        <tbody>
          {topology.layers.map((each, i) => {
            const nodes = topology.nodes.flatMap((node, at) => (node.layer === i ? [at] : []));
            const count = new Set(nodes.flatMap((node) => topology.edgesOf[node]!)).size;
            return <tr key={each.title}><th scope="row">{each.title}</th><td>{nodes.length}</td><td>{count}</td></tr>;
          })}
        </tbody>
      </table>
    </>
  );
}

export default function TopologyView({ query }: ViewProps) {
  const all = fabric.value;
  const topology = useMemo(() => (all ? topologyOf(all.devices, all.links) : undefined), [all]);
  const theme: Theme = isDark.value ? 'dark' : 'light';
  const at = query.get('at');
  const links = linkLevels.value;
  const devices = deviceLevels.value;
  const chosen = useMemo(() => (topology ? chosenOf(topology, at) : undefined), [topology, at]);
  const blast = useMemo(() => (topology && chosen ? blastOf(topology, chosen) : undefined), [topology, chosen]);
  const sheet = useMemo(() => new Sheet(), [topology]);
  const scene = useMemo(() => (topology ? new TopologyScene(topology, theme, { links, devices }, chosen, blast, sheet) : undefined),
    [topology, theme, links, devices, chosen, blast, sheet]);
  const shown = useMemo((): Spot | undefined => {
    if (!scene || !chosen) return undefined;
    return chosen.node !== undefined ? scene.nodeSpot(chosen.node) : scene.edgeSpot(chosen.edge!);
  }, [topology, chosen]);
  // Findings change each second, the fabric does not.
  const words = useMemo(() => topology && <Words topology={topology} />, [topology]);
  const select = (spot: Spot): void => setQuery({ at: spot.href });
  return (
    <>
      <h1 tabIndex={-1}>Topology</h1>
      {!topology || !scene ? <p class="dn-quiet">Asking for the fabric.</p> : (
        <>
          <div class="dn-bar"><Search topology={topology} /></div>
          <div class="dn-legend" role="group" aria-label="Lines and shapes">
            {SIDES.map((side) => <span key={side} class="dn-key"><i class="is-line" style={{ color: sideColour(side, theme) }} />{side === 'host' ? 'host side' : side === 'scale-up' ? 'scale-up side' : 'network'}</span>)}
            {SHAPES.map(([shape, name]) => <span key={name} class="dn-key"><span aria-hidden="true">{shape}</span> {name}</span>)}
            <span class="dn-key"><i class="is-ring" /> has a finding</span>
          </div>
          <div class="dn-side">
            <CanvasView scene={scene} fitKey={`${topology.nodes.length} ${topology.edges.length}`} onOpen={select} shown={shown}
              label={`Topology: ${countText(topology.nodes.length, 'device')} in ${topology.layers.length} layers, ${countText(topology.edges.length, 'link')}`} />
            <BlastPanel scene={scene} />
          </div>
          {words}
        </>
      )}
    </>
  );
}
