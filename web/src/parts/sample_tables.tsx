// SPDX-License-Identifier: Apache-2.0
// Every last value of one place: those of the whole as a list, those of lanes as a table, what was not measured with
// its reason. The time of each is told on hover.
import type { LastValue, SeriesRow } from '../api/types';
import { functionOf, metricText } from '../format/metric';
import { absoluteText } from '../format/time';
import { unitText, valueText } from '../format/units';
import { samplesOf, unitsOf, type LaneTable } from '../model/samples';
import { setQuery } from '../state/location';
import { NotMeasured } from './basic';

function Value({ value, unit }: { value: LastValue | undefined; unit: string }) {
  if (value === undefined) return <span class="missing" title="no such series">none</span>;
  if (value.not_measured !== undefined) return <NotMeasured why={value.not_measured} />;
  const at = absoluteText(value.at * 1000);
  const text = typeof value.value === 'number' ? valueText(value.value, unit, value.metric) : String(value.value);
  return <span title={at}>{text}</span>;
}

function pick(metric: string): void {
  setQuery({ metric });
  document.querySelector('.history')?.scrollIntoView({ block: 'center' });
}

function Lanes({ table, bad, metric }: { table: LaneTable; bad: ReadonlySet<number>; metric: string }) {
  return (
    <div class="scroll" tabIndex={0}>
      <table class="plain lanes">
        <caption>{table.side === '' ? 'By lane' : table.side === 'media' ? 'By lane, toward the cable' : table.side === 'host' ? 'By lane, toward the host' : `By lane, ${table.side}`}</caption>
        <thead>
          <tr>
            <th scope="col">lane</th>
            {table.columns.map((each) => (
              <th key={each.metric} scope="col" class={`number${each.metric === metric ? ' is-here' : ''}`}>
                <button type="button" class="plain-button" title="Show its history" onClick={() => pick(each.metric)}>{metricText(each.metric)}</button>
                {unitText(each.unit) && <span class="quiet"> {unitText(each.unit)}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.lanes.map((lane) => (
            <tr key={lane} class={bad.has(lane) ? 'is-bad' : ''}>
              <th scope="row">{lane}{bad.has(lane) && <span class="quiet"> named</span>}</th>
              {table.columns.map((each) => (
                <td key={each.metric} class="number"><Value value={each.byLane.get(lane)} unit="1" /></td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function SampleTables({ values, series, lanes, metric }: { values: readonly LastValue[]; series: readonly SeriesRow[]; lanes: readonly number[]; metric: string }) {
  const samples = samplesOf(values, unitsOf(series));
  const bad = new Set(lanes);
  if (values.length === 0) return <p><NotMeasured why="nothing came of it in the last day" /></p>;
  return (
    <>
      {samples.lanes.map((table) => <Lanes key={table.side} table={table} bad={bad} metric={metric} />)}
      {samples.plain.length > 0 && (
        <table class="plain">
          <caption>Of the whole</caption>
          <tbody>
            {samples.plain.map((each) => (
              <tr key={`${each.value.metric}${each.value.label}${each.value.subject}`}>
                <th scope="row">
                  <button type="button" class="plain-button" title="Show its history" onClick={() => pick(each.value.metric)}>{metricText(each.value.metric)}</button>
                  {each.value.label !== '' && each.value.label !== 'total' && <span class="quiet"> {each.value.label}</span>}
                  {functionOf(each.kind) === 'rate' && <span class="quiet"> counted</span>}
                </th>
                <td class="number"><Value value={each.value} unit={each.unit} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
