// SPDX-License-Identifier: Apache-2.0
// One device, most often a machine: what is wrong at it, what is in it, its links, how warm it is.
import { query as address } from '../api/client';
import type { Device, LastAnswer, LastValue, Level, Link } from '../api/types';
import { countText, valueText } from '../format/units';
import { stripOf } from '../model/rack';
import { Badge, Failed, Heading, LEVEL_WORD, Loading, Mark, Name, NotMeasured, Panel, Time } from '../parts/basic';
import { FindingList } from '../parts/finding_list';
import { href, type ViewProps } from '../route';
import { byName, linksOf, placesOf, type Fabric } from '../state/fabric';
import { deviceLevels, fabric, linkLevels, openFindings } from '../state/store';
import { useAnswer } from '../state/use_answer';

const LINKS_SHOWN = 60;
const SENSORS_SHOWN = 14;
const AGE_S = 7200;
const ORDER: Level[] = ['critical', 'warning', 'unknown', 'note', 'ok'];

function levelOf(name: string): Level {
  return deviceLevels.value.get(name) ?? 'ok';
}

function Parts({ model, device }: { model: Fabric; device: Device }) {
  const groups = stripOf(model, device);
  if (groups.length === 0) return null;
  return (
    <Panel title="What is in it">
      <table class="plain">
        <tbody>
          {groups.map((group) => (
            <tr key={group.kind}>
              <th scope="row" class="quiet">{group.kind.replaceAll('-', ' ')}</th>
              <td>
                <ul class="chips">
                  {group.parts.map((part) => (
                    <li key={part.id}>
                      <a class={`chip is-${levelOf(part.name)}`} href={href.device(part.id)} title={`${part.name}: ${LEVEL_WORD[levelOf(part.name)]}`}>
                        {levelOf(part.name) !== 'ok' && <Mark level={levelOf(part.name)} title="" />}{part.name.slice(device.name.length + 1)}
                      </a>
                    </li>
                  ))}
                </ul>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function Links({ links }: { links: readonly Link[] }) {
  const level = (link: Link): Level => linkLevels.value.get(link.id) ?? 'ok';
  const sorted = [...links].sort((a, b) => ORDER.indexOf(level(a)) - ORDER.indexOf(level(b)) || byName(a, b));
  return (
    <Panel title={countText(links.length, 'link')}>
      <div class="scroll" tabIndex={0}>
        <table class="plain">
          <tbody>
            {sorted.slice(0, LINKS_SHOWN).map((each) => (
              <tr key={each.id}>
                <td><Mark level={level(each)} /></td>
                <th scope="row"><a href={href.link(each.id)}><Name text={each.name} /></a></th>
                <td class="quiet">{each.protocol} x{each.lanes}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {sorted.length > LINKS_SHOWN && <p class="quiet">The first {LINKS_SHOWN}. <a href={address('/links', { text: links[0]?.a.split('/')[0] })}>Search all links</a></p>}
    </Panel>
  );
}

/** Hottest first; of a device itself and of everything in it. */
function Temperatures({ device }: { device: Device }) {
  const own = useAnswer<LastAnswer>(address('/api/v1/last', { metric: 'temperature', subject: `${device.name}*`, since_s: AGE_S, count: 2000 }), 15_000);
  const modules = useAnswer<LastAnswer>(address('/api/v1/last', { metric: 'module_temperature', subject: `${device.name}/*`, since_s: AGE_S, count: 2000 }), 15_000);
  const all = [...(own.data?.values ?? []), ...(modules.data?.values ?? [])];
  const isMeasured = (each: LastValue): boolean => typeof each.value === 'number';
  const values = all.filter(isMeasured).sort((a, b) => Number(b.value) - Number(a.value) || (a.planned ?? '').localeCompare(b.planned ?? '', 'en', { numeric: true }));
  const missing = all.filter((each) => each.not_measured !== undefined);
  const reasons = [...new Set(missing.map((each) => each.not_measured!))];
  return (
    <Panel title="Temperature" more="hottest first">
      {own.error && <Failed error={own.error} what="Temperatures" />}
      {own.isLoading ? <Loading what="temperatures" /> : values.length === 0 && missing.length === 0 ? <p><NotMeasured why="no sensor of it is read" /></p> : (
        <table class="plain">
          <tbody>
            {values.slice(0, SENSORS_SHOWN).map((each) => (
              <tr key={`${each.subject}${each.label}${each.metric}`}>
                <th scope="row"><Name text={each.planned ?? each.name ?? each.subject} /> <span class="quiet">{each.metric === 'module_temperature' ? 'module' : each.label}</span></th>
                <td class="number">{valueText(Number(each.value), 'Cel')}</td>
                <td class="number quiet"><Time at={each.at * 1000} /></td>
              </tr>
            ))}
            {reasons.map((why) => <tr key={why}><th scope="row">{countText(missing.filter((each) => each.not_measured === why).length, 'sensor')}</th><td colSpan={2}><NotMeasured why={why} /></td></tr>)}
          </tbody>
        </table>
      )}
      {values.length > SENSORS_SHOWN && <p class="quiet">{countText(values.length - SENSORS_SHOWN, 'cooler sensor')} not shown.</p>}
    </Panel>
  );
}

function placeText(device: Device): string {
  const { position } = device;
  if (!position) return '';
  const parts = [position.row !== undefined && `row ${position.row}`, position.rack, position.unit !== undefined && `unit ${position.unit}`, position.tray !== undefined && `tray ${position.tray}`, position.slot];
  return parts.filter((each) => each).join(', ');
}

export default function DeviceView({ params }: ViewProps) {
  const id = params['id'] ?? '';
  const model = fabric.value;
  const device = model?.deviceById.get(id) ?? model?.deviceByName.get(id);
  if (!model) return <><Heading>Device</Heading><Loading what="the fabric" /></>;
  if (!device) return <><Heading>Device {id}</Heading><p>There is no such device in this fabric. <a href="/">To the rack</a></p></>;
  const isOfIt = (place: string): boolean => place === device.name || place.startsWith(`${device.name}/`);
  const findings = openFindings.value.filter((each) => placesOf(model, each).some(isOfIt));
  const parent = device.parent === undefined ? undefined : model.deviceByName.get(device.parent);
  return (
    <>
      <Heading over={<>{parent ? <a href={href.device(parent.id)}>{parent.name}</a> : <a href="/">Rack</a>} · {device.kind.replaceAll('-', ' ')}</>}>{device.name}</Heading>
      <p class="under">
        <Badge level={levelOf(device.name)} />
        {placeText(device) && <span>{placeText(device)}</span>}
        {device.part && <span class="quiet">{[device.part.vendor, device.part.number].filter(Boolean).join(' ')} {device.part.serial && <a href={href.part(device.part.serial)}>{device.part.serial}</a>}</span>}
        <a href={address('/timeline', { subject: device.id })}>Timeline</a>
      </p>
      <div class="split">
        <div>
          <Panel title="What is wrong at it"><FindingList findings={findings} none="Nothing that was looked at." /></Panel>
          <Parts model={model} device={device} />
          <Links links={linksOf(model, device.name)} />
        </div>
        <div><Temperatures device={device} /></div>
      </div>
    </>
  );
}
