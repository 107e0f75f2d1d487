// SPDX-License-Identifier: Apache-2.0
// The first page: racks as one stands before them, and what is wrong, worst first.
import { useMemo } from 'preact/hooks';
import type { Device, Level } from '../api/types';
import { bitRateText, countText, grouped } from '../format/units';
import { racksOf, stripOf, type PartGroup, type Rack, type Shelf } from '../model/rack';
import { Heading, LEVEL_WORD, Loading, Mark, Panel, Time } from '../parts/basic';
import { FindingList } from '../parts/finding_list';
import { still } from '../parts/still';
import { href } from '../route';
import type { Fabric } from '../state/fabric';
import { about, deviceLevels, fabric, hasFindings, heard, isSimulated, now, openFindings } from '../state/store';

const SILENT_MS = 600_000;
/** A world that runs fast is looked at less often in its own time. */
const SPEED_UNKNOWN = 30;
const SPEED_RUSHING = 3600;
const FINDINGS_SHOWN = 8;
/** Fronts lower than this show no parts. */
const UNITS_FOR_PARTS = 4;

/** When a machine was last heard, and whether that is too long ago; undefined while that is not known. */
function hearing(machine: Device): { at: number | undefined; isSilent: boolean } | undefined {
  if (!heard.value) return undefined;
  const names = [machine.match?.host, machine.name];
  const at = names.map((each) => (each === undefined ? undefined : heard.value?.get(each))).find((each) => each !== undefined);
  const world = about.value?.world;
  const isRushing = world !== undefined && (world.speed === 0 || world.skipping_s > 0 || (world.prepared ?? 1) < 1);
  const speed = isRushing ? SPEED_RUSHING : world?.speed ?? (isSimulated.value ? SPEED_UNKNOWN : 1);
  const patience = SILENT_MS * Math.max(1, speed / 6);
  return { at, isSilent: at === undefined || now.value - at > patience };
}

function stateOf(machine: Device): { level: Level; word: string; isSilent: boolean; at: number | undefined } {
  const level = deviceLevels.value.get(machine.name) ?? 'ok';
  const ear = hearing(machine);
  const isSilent = ear?.isSilent ?? false;
  const word = isSilent ? (ear?.at === undefined ? 'not measured: never heard' : 'not measured: not heard lately') : LEVEL_WORD[level as Level];
  return { level, word, isSilent, at: ear?.at };
}

interface FrontProps {
  machine: Device;
  name: string;
  level: Level;
  word: string;
  isSilent: boolean;
  /** When a silent machine was last heard. */
  at: number | undefined;
  isLow: boolean;
  /** Parts by kind; none on a low front. */
  groups: readonly PartGroup[];
  /** The level of each part in turn, as one text: another text, another picture. */
  levels: string;
}

const Front = still(({ machine, name, level, word, isSilent, at, isLow, groups, levels }: FrontProps) => {
  const each = levels.split(' ');
  let next = 0;
  return (
    <a class={`front is-${level}${isSilent ? ' is-silent' : ''}${isLow ? ' is-low' : ''}`} href={href.device(machine.id)}
      title={`${machine.name}: ${word}`} data-machine={machine.name}>
      <span class="unseen">{machine.name}: {word}</span>
      <span class="front-name" aria-hidden="true">
        {level !== 'ok' && <Mark level={level} title="" />}
        {name}
        {groups.length > 0 && (
          <span class="front-word">
            {level !== 'ok' && LEVEL_WORD[level]}
            {isSilent && <span class="not-measured"> {at === undefined ? 'never heard' : <>heard <Time at={at} /></>}</span>}
          </span>
        )}
      </span>
      {groups.length > 0 && (
        <span class="strips" aria-hidden="true">
          {groups.map((group) => (
            <span class="strip" key={group.kind} title={`${countText(group.parts.length, group.kind)}`}>
              <span class="strip-name">{short(group.kind)}</span>
              {group.parts.map((part) => <i key={part.id} class={`cell is-${each[next++]}`} title={part.name} />)}
            </span>
          ))}
        </span>
      )}
    </a>
  );
});

const NO_PARTS: readonly PartGroup[] = [];
const strips = new WeakMap<Device, readonly PartGroup[]>();

/** What a front shows now, in values that are the same while the picture is. */
function frontOf(model: Fabric, machine: Device, height: number): Omit<FrontProps, 'name'> {
  const { level, word, isSilent, at } = stateOf(machine);
  let groups = NO_PARTS;
  if (height >= UNITS_FOR_PARTS) {
    groups = strips.get(machine) ?? stripOf(model, machine);
    strips.set(machine, groups);
  }
  const levels = groups.flatMap((group) => group.parts.map((part) => deviceLevels.value.get(part.name) ?? 'ok')).join(' ');
  return { machine, level, word, isSilent, at: isSilent ? at : undefined, isLow: height < 2, groups, levels };
}

const SHORT: Record<string, string> = {
  processor: 'CPU', accelerator: 'GPU', switch: 'switch', 'memory-controller': 'memory', nic: 'NIC', storage: 'NVMe', retimer: 'retimer',
  'cable-module': 'cable',
};
function short(kind: string): string {
  return SHORT[kind] ?? kind;
}

/** Many on one shelf share the beginning of their names: the first keeps it, the others say what differs. */
function shortNames(names: readonly string[]): string[] {
  if (names.length < 3) return [...names];
  let shared = 0;
  const first = names[0]!;
  while (shared < first.length && !/\d/.test(first[shared]!) && names.every((each) => each[shared] === first[shared])) shared++;
  return names.map((each) => (shared < 3 ? each : each.slice(shared)));
}

function Shelves({ model, shelf }: { model: Fabric; shelf: Shelf }) {
  const style = shelf.unit === undefined ? {} : { gridRow: `${43 - shelf.unit - shelf.height + 1} / span ${shelf.height}` };
  const names = shortNames(shelf.machines.map((each) => each.name));
  return (
    <div class={`shelf is-of-${Math.min(shelf.machines.length, 9)}`} style={style}>
      {shelf.machines.map((each, at) => (
        <Front key={each.id} name={names[at]!} {...frontOf(model, each, shelf.unit === undefined ? 1 : shelf.height)} />
      ))}
    </div>
  );
}

function Elevation({ model, rack }: { model: Fabric; rack: Rack }) {
  const isPlaced = rack.shelves.some((each) => each.unit !== undefined && each.unit <= 42);
  const title = rack.name === '' ? (rack.row === undefined ? 'without a place' : `row ${rack.row}`) : `${rack.row === undefined ? '' : `row ${rack.row} · `}${rack.name}`;
  return (
    <figure class={isPlaced ? 'rack' : 'rack is-loose'} aria-label={`Rack ${title}`}>
      <figcaption>{title}</figcaption>
      <div class="units">
        {isPlaced && [1, 10, 20, 30, 40].map((unit) => <span key={unit} class="unit" style={{ gridRow: `${43 - unit}` }} aria-hidden="true">{unit}</span>)}
        {rack.shelves.map((shelf) => <Shelves key={shelf.unit ?? 'loose'} model={model} shelf={shelf} />)}
      </div>
    </figure>
  );
}

function Legend({ machines }: { machines: readonly Device[] }) {
  const states = machines.map(stateOf);
  const count = (pick: (state: ReturnType<typeof stateOf>) => boolean): number => states.filter(pick).length;
  const rows: { level: Level; word: string; count: number }[] = [
    { level: 'ok', word: 'nothing found', count: count((each) => !each.isSilent && (each.level === 'ok' || each.level === 'note')) },
    { level: 'warning', word: 'up but wrong', count: count((each) => each.level === 'warning' || each.level === 'unknown') },
    { level: 'critical', word: 'critical', count: count((each) => each.level === 'critical') },
  ];
  const silent = count((each) => each.isSilent);
  return (
    <ul class="legend" aria-label="Machines by state">
      {rows.map((each) => <li key={each.level}><Mark level={each.level} title="" /> {each.word} <b>{each.count}</b></li>)}
      <li><span class="hatch" aria-hidden="true" /> not measured <b>{silent}</b></li>
    </ul>
  );
}

export default function RackView() {
  const model = fabric.value;
  const machines = useMemo(() => model?.devices.filter((each) => each.parent === undefined) ?? [], [model]);
  const racks = useMemo(() => (model ? racksOf(model) : []), [model]);
  if (!model) return <><Heading>Rack</Heading><Loading what="the fabric" /></>;
  const open = openFindings.value;
  return (
    <>
      <Heading over={model.description}>{model.name}</Heading>
      <div class="split is-rack">
        <div>
          <div class="racks">{racks.map((rack) => <Elevation key={`${rack.row}${rack.name}`} model={model} rack={rack} />)}</div>
          <Legend machines={machines} />
        </div>
        <div class="side">
          <Panel title="What is wrong" more={open.length > FINDINGS_SHOWN ? <a href="/findings">all {open.length}</a> : <a href="/findings">all findings</a>}>
            <div class="summary-list">
              {hasFindings.value
                ? <FindingList findings={open.slice(0, FINDINGS_SHOWN)} none="Nothing is wrong that was looked at." />
                : <Loading what="findings" />}
            </div>
          </Panel>
          <Panel title="What is watched">
            <table class="plain">
              <thead><tr><th scope="col">protocol</th><th scope="col" class="number">links</th><th scope="col" class="number">lanes</th><th scope="col" class="number">payload, one direction</th></tr></thead>
              <tbody>
                {model.totals.map((each) => (
                  <tr key={each.protocol}>
                    <th scope="row"><a href={`/links?protocol=${encodeURIComponent(each.protocol)}`}>{each.protocol}</a></th>
                    <td class="number">{grouped(each.links)}</td><td class="number">{grouped(each.lanes)}</td>
                    <td class="number">{bitRateText(each.payload_bits_per_s)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            <p class="quiet">{countText(machines.length, 'machine')}, {countText(model.devices.length, 'device')}, {countText(model.links.length, 'link')}.</p>
          </Panel>
        </div>
      </div>
    </>
  );
}
