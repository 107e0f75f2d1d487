// SPDX-License-Identifier: Apache-2.0
// The lanes of the whole fabric on one picture, link by lane: /lanes. The same in words and as a table below it.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get } from '../api/client';
import { absoluteText, parseTime } from '../format/time';
import { countText, grouped, valueText } from '../format/units';
import { href, type ViewProps } from '../route';
import { go, setQuery } from '../state/location';
import { isDark } from '../state/theme';
import { CanvasView, type Spot } from './canvas_view';
import { RAMP_STEPS, cssOf, indexOf, table as colourTable, type Theme } from './colour';
import { HeatScene, receiverText } from './heat_scene';
import { column, linkOfReceiver, receiverAt, type Digest, type LaneTable, type Receiver } from './lane_table';
import { QUANTITIES, quantityOf, type Quantity, type QuantityKey } from './quantity';
import { useLanes } from './use_lanes';

const EVERY_MS = 1000;

function ratioText(table: LaneTable, index: number): string {
  const ratio = column(table, 'error_ratio')[index]!;
  const high = column(table, 'error_ratio_high')[index]!;
  if (Number.isNaN(ratio)) return 'error ratio not measured';
  const bound = high > ratio ? `, at most ${valueText(high, '1', 'ber')} (95 %)` : '';
  return ratio === 0 ? `no bit errors seen${bound}` : `error ratio ${valueText(ratio, '1', 'ber')}${bound}`;
}

function linesOf(table: LaneTable, receiver: Receiver): string[] {
  const out = [receiver.link.name, receiverText(receiver), ratioText(table, receiver.index)];
  for (const quantity of QUANTITIES) {
    const value = column(table, quantity.key)[receiver.index]!;
    if (quantity.key === 'error_ratio' || Number.isNaN(value)) continue;
    out.push(quantity.key === 'temperature' || quantity.key === 'figure_of_merit' || quantity.key === 'signal'
      ? `${quantity.title.toLowerCase()} ${quantity.text(value)}` : quantity.text(value));
  }
  return out;
}

interface LanesAnswer {
  lanes: { section: number; direction: string; lane: number; values: { metric: string; at: number; not_measured?: string }[] }[];
}

/** When the receiver's numbers were measured, asked for when the pointer rests. */
function useMoments(receiver: Receiver | undefined): readonly string[] {
  const [lines, setLines] = useState<{ index: number; lines: string[] }>();
  useEffect(() => {
    if (!receiver) return undefined;
    const abort = new AbortController();
    const timer = window.setTimeout(() => {
      get<LanesAnswer>(`/api/v1/lanes?link=${encodeURIComponent(receiver.link.id)}`, abort.signal).then((answer) => {
        const direction = receiver.isTowardDevice ? 'toward_device' : 'toward_host';
        const of = answer.lanes.find((each) =>
          each.section === receiver.section && each.direction === direction && each.lane === receiver.lane);
        const times = (of?.values ?? []).map((each) => each.at);
        const reasons = [...new Set((of?.values ?? []).flatMap((each) => (each.not_measured ? [each.not_measured] : [])))];
        const out = times.length > 0 ? [`measured ${absoluteText(Math.max(...times) * 1000)}`]
          : ['not measured: no source speaks of this receiver'];
        if (reasons.length > 0) out.push(`not measured: ${reasons.join(', ')}`);
        setLines({ index: receiver.index, lines: out });
      }, () => undefined);
    }, 150);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [receiver?.index]);
  return receiver && lines?.index === receiver.index ? lines.lines : [];
}

function Legend({ quantity, theme }: { quantity: Quantity; theme: Theme }) {
  const colours = colourTable(quantity.ramp, theme);
  return (
    <div class="dn-legend" aria-label={`Colours of ${quantity.title}`} role="group">
      {quantity.legend.map((value) => (
        <span key={value} class={`dn-key${quantity.isBad(value) ? ' is-bad' : ''}`}>
          <i style={{ background: cssOf(colours[Math.min(RAMP_STEPS - 1, indexOf(quantity.shade(value)))]!) }} />
          {quantity.key === 'error_ratio' || quantity.key === 'figure_of_merit' ? quantity.text(value).replace(' of 255', '')
            : quantity.key === 'peers' || quantity.key === 'margin' ? quantity.text(value).replace(/ decades.*/, '') : quantity.text(value)}
        </span>
      ))}
      {(quantity.key === 'peers' || quantity.key === 'margin') && <span class="dn-key">decades</span>}
      <span class="dn-key"><i class="is-hatched" /> not measured</span>
      {quantity.ramp === 'limit' && <span class="dn-key"><i class="is-ring" /> beyond its limit</span>}
    </div>
  );
}

function WorstTable({ table, digest, quantity, onShow }: { table: LaneTable; digest: Digest; quantity: Quantity; onShow: (receiver: Receiver) => void }) {
  const rows = digest.worst;
  if (rows.length === 0) return <p>Nothing that is watched measures this.</p>;
  return (
    <div class="dn-scroll" tabIndex={0} role="region" aria-label="Worst lanes">
      <table class="dn-table">
        <caption>The {rows.length} worst lanes: {quantity.title.toLowerCase()}</caption>
        <thead><tr><th scope="col">Link</th><th scope="col">Receiver</th><th scope="col">{quantity.title}</th><th scope="col">Error ratio</th><th scope="col"><span class="dn-unseen">Show</span></th></tr></thead>
        <tbody>
          {rows.map((index) => {
            const link = linkOfReceiver(table, index);
            const receiver = receiverAt(table, link, index - table.links[link]!.first)!;
            const value = column(table, quantity.key)[index]!;
            return (
              <tr key={index} class={quantity.isBad(value) ? 'is-bad' : ''}>
                <td><a href={href.link(receiver.link.id)}>{receiver.link.name}</a></td>
                <td>{receiverText(receiver)}</td>
                <td>{quantity.text(value)}</td>
                <td>{ratioText(table, index)}</td>
                <td><button type="button" onClick={() => onShow(receiver)} aria-label={`Show lane ${receiver.lane} of ${receiver.link.name} on the picture`}>Show</button></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** The scene stays while only numbers change: nothing is laid out anew. */
function useScene(table: LaneTable | undefined, digest: Digest | undefined, quantity: Quantity, theme: Theme): HeatScene | undefined {
  const kept = useRef<{ scene: HeatScene; table: { value: LaneTable } } | undefined>(undefined);
  const scene = useMemo(() => {
    if (!table || !digest) return undefined;
    const holder = { value: table };
    const aspect = Math.max(0.6, (window.innerWidth - 60) / Math.max(280, window.innerHeight * 0.58));
    const made = new HeatScene(table, digest, quantity, theme, aspect, (receiver) => linesOf(holder.value, receiver));
    kept.current = { scene: made, table: holder };
    return made;
  }, [table?.links, quantity, theme]);
  useEffect(() => {
    if (!table || !digest || kept.current?.scene !== scene || kept.current?.table.value === table) return;
    kept.current!.table.value = table;
    scene?.take(table, digest);
  }, [table]);
  return scene;
}

export default function HeatView({ query }: ViewProps) {
  const quantity = quantityOf(query.get('by') ?? 'peers');
  const { table, digest, error } = useLanes(quantity.key, EVERY_MS);
  const theme: Theme = isDark.value ? 'dark' : 'light';
  const scene = useScene(table, digest, quantity, theme);
  const [receiver, setReceiver] = useState<Receiver>();
  const [shown, setShown] = useState<Spot>();
  const moments = useMoments(receiver);
  const sum = digest?.summary;
  const onSpot = (spot: Spot | undefined): void => {
    if (!table || !spot) return setReceiver(undefined);
    const index = Number(spot.key);
    const link = linkOfReceiver(table, index);
    setReceiver(receiverAt(table, link, index - table.links[link]!.first));
  };
  // The pointer goes over many receivers in a second; what does not speak of one stays as it is.
  const legend = useMemo(() => <Legend quantity={quantity} theme={theme} />, [quantity, theme]);
  const list = useMemo(
    () => table && scene && digest && <WorstTable table={table} digest={digest} quantity={quantity} onShow={(each) => setShown(scene.spotOf(each))} />,
    [table, digest, quantity, scene],
  );
  return (
    <>
      <h1 tabIndex={-1}>Lanes</h1>
      <div class="dn-bar">
        <label>Show <select value={quantity.key} onChange={(event) => setQuery({ by: event.currentTarget.value as QuantityKey })}>
          {QUANTITIES.map((each) => <option key={each.key} value={each.key}>{each.title}</option>)}
        </select></label>
        <span class="dn-quiet">{quantity.help}</span>
      </div>
      {error && <p class="failed" role="alert">The lanes could not be asked for: {error.message}.</p>}
      {!table && !error && <p class="dn-quiet">Asking for the lanes.</p>}
      {table && scene && sum && (
        <>
          {legend}
          <CanvasView
            scene={scene}
            fitKey={`${quantity.key}${table.count}`}
            label={`Heat map: ${countText(table.links.length, 'link')}, ${countText(table.count, 'receiver')}, by ${quantity.title.toLowerCase()}`}
            onSpot={onSpot}
            onOpen={(spot) => spot.href && go(href.link(spot.href))}
            more={moments}
            shown={shown}
          />
          <p class="dn-summary">
            {countText(table.links.length, 'link')}, {countText(table.count, 'receiver')}: {grouped(sum.measured)} measured,{' '}
            {grouped(sum.notMeasured)} not measured
            {quantity.ramp === 'limit' && `, ${grouped(sum.bad)} beyond the limit`}.
            {sum.measured > 0 && ` Median: ${quantity.text(sum.median)}.`}
            {' '}As of <time>{absoluteText(parseTime(table.now) ?? 0)}</time>.
          </p>
          {list}
        </>
      )}
    </>
  );
}
