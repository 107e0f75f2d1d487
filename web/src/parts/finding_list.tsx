// SPDX-License-Identifier: Apache-2.0
// Findings as rows: what, where, since when. For the first page, the list, and pages of one thing.
import type { Finding } from '../api/types';
import { parseTime } from '../format/time';
import { href } from '../route';
import { LEVEL_WORD, Mark, Name, Time } from './basic';

export function FindingRow({ finding }: { finding: Finding }) {
  const isGrey = finding.phase !== 'open';
  return (
    <li class={isGrey ? 'is-grey' : ''}>
      <a class="finding-row" href={href.finding(finding.id)}>
        <Mark level={finding.level} />
        <span class="what">
          <strong><Name text={finding.place} /></strong> {finding.sentence}
          {finding.acknowledged && <span class="cause">seen by {finding.acknowledged.by}{finding.acknowledged.text && `: ${finding.acknowledged.text}`}</span>}
          {finding.cause && <span class="cause">{firstCause(finding.cause)}</span>}
        </span>
        <span class="when">
          <Time at={parseTime(finding.since ?? finding.opened)} />
          <span class="quiet"> {finding.phase === 'open' ? LEVEL_WORD[finding.level] : finding.phase}</span>
        </span>
      </a>
    </li>
  );
}

/** The leading belief of "a (43 %, part); b (20 %)". */
export function firstCause(cause: string): string {
  const end = cause.indexOf(';');
  return end < 0 ? cause : `${cause.slice(0, end)}; or others`;
}

export function FindingList({ findings, none }: { findings: readonly Finding[]; none: string }) {
  if (findings.length === 0) return <p class="none"><Mark level="ok" title="" /> {none}</p>;
  return <ul class="finding-list">{findings.map((each) => <FindingRow key={each.id} finding={each} />)}</ul>;
}
