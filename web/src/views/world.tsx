// SPDX-License-Identifier: Apache-2.0
// The world's console, of a twin only: its time and speed, the faults in it, a fault of the catalogue to inject.
// Whatever is asked is tried first and told in words; only a second press does it.
import { useState } from 'preact/hooks';
import { send } from '../api/client';
import type { CatalogueAnswer, DoneAnswer, WorldAnswer, WorldFault } from '../api/types';
import { spanText } from '../format/time';
import { countText, numberText, percentText, valueText } from '../format/units';
import { Failed, Heading, Loading, Mark, Panel } from '../parts/basic';
import { type ViewProps } from '../route';
import { about, fabric, isSimulated, mayWrite } from '../state/store';
import { useAnswer, type Answer } from '../state/use_answer';

const SPEEDS = [1, 10, 60, 600, 0];
const SKIPS = ['10 min', '1 h', '6 h'];

function speedText(speed: number): string {
  return speed === 0 ? 'as fast as it goes' : `×${numberText(speed)}`;
}

function Clock({ world, done }: { world: Answer<WorldAnswer>; done: (text: string) => void }) {
  const { data } = world;
  if (!data) return null;
  const set = (speed: number): void => {
    send<DoneAnswer>('POST', '/api/v1/world/speed', { speed, apply: true }).then(() => { done(`Its time goes ${speedText(speed)}.`); world.again(); }, (error: Error) => done(error.message));
  };
  const skip = (span: string): void => {
    send<DoneAnswer>('POST', '/api/v1/world/skip', { for: span, apply: true }).then(() => { done(`It goes as fast as it can for ${span}.`); world.again(); }, (error: Error) => done(error.message));
  };
  return (
    <Panel title="Its time" more={`seed ${data.seed}`}>
      <p>{spanText(data.world_seconds * 1000)} old; {countText(data.machines, 'machine')}, {countText(data.links_up, 'link')} of {numberText(data.links)} up.
        {data.skipping_s > 0 && <b> Skipping: {spanText(data.skipping_s * 1000)} left.</b>}</p>
      <div class="console-row">
        <div class="segments" role="group" aria-label="Speed of its time">
          {[...new Set([...SPEEDS, data.speed])].sort((a, b) => (a || Infinity) - (b || Infinity)).map((each) => <button key={each} type="button" disabled={!mayWrite.value} aria-pressed={each === data.speed} onClick={() => set(each)}>{speedText(each)}</button>)}
        </div>
        <span>skip {SKIPS.map((each) => <button key={each} type="button" disabled={!mayWrite.value} onClick={() => skip(each)}>{each}</button>)}</span>
      </div>
    </Panel>
  );
}

function Faults({ world, done }: { world: WorldAnswer; done: (text: string, again: boolean) => void }) {
  const clear = (id: number | 'all'): void => {
    send<DoneAnswer>('DELETE', `/api/v1/world/faults/${id}?apply=true`).then(
      (answer) => done(`${countText(answer.cleared ?? 0, 'fault')} ended; what follows from that comes by itself.`, true),
      (error: Error) => done(error.message, false));
  };
  return (
    <Panel title={countText(world.faults.length, 'fault')} more={world.faults.length > 1 && mayWrite.value && <button type="button" onClick={() => clear('all')}>End all</button>}>
      {world.faults.length === 0 ? <p class="none"><Mark level="ok" title="" /> Nothing is wrong with this world: what is found now is found wrongly.</p> : (
        <div class="scroll" tabIndex={0}>
          <table class="plain">
            <thead><tr><th scope="col">fault</th><th scope="col">at</th><th scope="col" class="number">strength</th><th scope="col" class="number">now</th><th scope="col" class="number">since</th><th scope="col"><span class="unseen">end it</span></th></tr></thead>
            <tbody>{world.faults.map((each) => <FaultRow key={each.id} fault={each} world={world} clear={clear} />)}</tbody>
          </table>
        </div>
      )}
      <p class="quiet">This is the world's own record. Diagnosis does not see it.</p>
    </Panel>
  );
}

function FaultRow({ fault, world, clear }: { fault: WorldFault; world: WorldAnswer; clear: (id: number) => void }) {
  const since = world.world_seconds - fault.begin_seconds;
  return (
    <tr>
      <th scope="row">{fault.fault.replaceAll('-', ' ')}{fault.label && <span class="quiet"> {fault.label}</span>}<div class="quiet">{fault.shape}</div></th>
      <td><code class="wrap">{fault.target}</code></td>
      <td class="number">{valueText(fault.amplitude, fault.unit)}</td>
      <td class="number">{fault.phase === 'waiting' ? 'waits' : percentText(fault.level)}</td>
      <td class="number">{since >= 0 ? `${spanText(since * 1000)} ago` : `in ${spanText(-since * 1000)}`}</td>
      <td class="number"><button type="button" disabled={!mayWrite.value} onClick={() => clear(fault.id)}>End</button></td>
    </tr>
  );
}

/** What a target of this kind looks like in this fabric. */
function exampleOf(of: string): string {
  const model = fabric.value;
  if (of === 'host') return `host:${model?.devices.find((each) => each.kind === 'host')?.name ?? 'NAME'}`;
  if (of === 'device') return `device:${model?.devices.find((each) => each.kind === 'retimer')?.name ?? 'NAME'}`;
  const link = model?.links.find((each) => each.segments.some((one) => one.medium === 'aec')) ?? model?.links[0];
  return `link:${link?.name ?? 'NAME'}${of === 'lanes' ? ' lane 3' : ''}`;
}

function Inject({ done }: { done: (text: string, again: boolean) => void }) {
  const catalogue = useAnswer<CatalogueAnswer>('/api/v1/world/catalogue');
  const [key, setKey] = useState('contaminated-connector');
  const [target, setTarget] = useState('');
  const [amplitude, setAmplitude] = useState('');
  const [span, setSpan] = useState('');
  const [tried, setTried] = useState<{ text: string; isOk: boolean } | undefined>();
  const faults = catalogue.data?.faults ?? [];
  const fault = faults.find((each) => each.key === key);
  const body = { fault: key, target: target.trim(), ...(amplitude.trim() ? { amplitude: amplitude.trim() } : {}), ...(span.trim() ? { for: span.trim() } : {}) };
  const change = (set: (text: string) => void) => (event: Event) => {
    set((event.currentTarget as HTMLInputElement).value);
    setTried(undefined);
  };
  const tryIt = (event: Event): void => {
    event.preventDefault();
    send<DoneAnswer>('POST', '/api/v1/world/faults', { ...body, apply: false }).then(
      () => setTried({ text: `It would do "${key}" to ${body.target}. Symptoms follow from the physics; a finding takes some looks.`, isOk: true }),
      (error: Error) => setTried({ text: error.message, isOk: false }));
  };
  const doIt = (): void => {
    send<DoneAnswer>('POST', '/api/v1/world/faults', { ...body, apply: true }).then(
      (answer) => { done(`Fault ${answer.id ?? ''} is in the world.`, true); setTried(undefined); },
      (error: Error) => setTried({ text: error.message, isOk: false }));
  };
  if (catalogue.error) return <Panel title="Do a fault to it"><Failed error={catalogue.error} what="The catalogue" /></Panel>;
  return (
    <Panel title="Do a fault to it">
      <form class="inject" onSubmit={tryIt}>
        <label>fault
          <select value={key} onChange={change(setKey)}>{faults.map((each) => <option key={each.key} value={each.key}>{each.key.replaceAll('-', ' ')}</option>)}</select>
        </label>
        {fault && <p class="quiet">{fault.help} Done to {fault.of}. Changes {fault.quantities.join(', ')}. <span title={fault.source}>Source: {fault.source}.</span></p>}
        <label>target
          <input list="targets" required placeholder={exampleOf(fault?.of ?? 'lanes')} value={target} onInput={change(setTarget)} />
          <datalist id="targets">
            {fault?.of === 'host' ? fabric.value?.devices.filter((each) => each.kind === 'host').map((each) => <option key={each.id} value={`host:${each.name}`} />)
              : fault?.of === 'device' ? fabric.value?.devices.slice(0, 600).map((each) => <option key={each.id} value={`device:${each.name}`} />)
              : fabric.value?.links.map((each) => <option key={each.id} value={`link:${each.name}`} />)}
          </datalist>
        </label>
        <label>how strong
          <input placeholder={fault ? `${numberText(fault.amplitude.standard)} ${fault.amplitude.unit}` : ''} value={amplitude} onInput={change(setAmplitude)} />
        </label>
        <label>for how long <input placeholder="until it is ended; or 10 min" value={span} onInput={change(setSpan)} /></label>
        <div class="console-row">
          <button disabled={!mayWrite.value || target.trim() === ''}>Say what it would do</button>
          {tried?.isOk && <button type="button" class="main" onClick={doIt}>Do it</button>}
        </div>
        {tried && <p class={tried.isOk ? 'said' : 'failed'} role="status">{tried.text}</p>}
      </form>
    </Panel>
  );
}

export default function WorldView(_: ViewProps) {
  const world = useAnswer<WorldAnswer>(isSimulated.value ? '/api/v1/world' : undefined, 2_000);
  const [said, setSaid] = useState('');
  const done = (text: string, again = false): void => {
    setSaid(text);
    if (again) world.again();
  };
  if (about.value && !isSimulated.value) {
    return <><Heading>World</Heading><p>These are real machines: there is no world to turn. <a href="/">To the rack</a></p></>;
  }
  return (
    <>
      <Heading over="simulated">World</Heading>
      {said && <p class="said" role="status">{said}</p>}
      {about.value && !mayWrite.value && <p class="lost">You are {about.value.role ?? 'a viewer'}: this page only shows. An operator's token can turn the world.</p>}
      {world.error && !world.data && <Failed error={world.error} what="The world" />}
      {world.isLoading && <Loading what="the world" />}
      {world.data && (
        <div class="split">
          <div><Clock world={world} done={done} /><Faults world={world.data} done={done} /></div>
          <Inject done={done} />
        </div>
      )}
    </>
  );
}
