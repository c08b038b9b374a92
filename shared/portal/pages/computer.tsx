/**
 * One computer: the page for a lost laptop. It answers first whether the drives were encrypted when the computer was
 * last seen, and whether somebody holds a password that would still open one.
 */
import type { Computer, KeyHistory, Volume } from '../../reports/messages.ts';
import { NAV, respondPage } from '../frame.tsx';
import { ComplianceTag } from '../pieces/state.tsx';
import { type Column, Table } from '../pieces/table.tsx';
import { Tag } from '../pieces/tag.tsx';
import { Time } from '../pieces/time.tsx';
import { type TimelineEvent, timelineOf, writersOf } from '../computer-history.ts';
import { computerOf } from '../reading.ts';
import type { SignedIn } from '../visit.ts';
import { type Verdict, verdictOf } from '../verdict.ts';
import { ExemptionCard } from './exemption.tsx';

const TONES: Readonly<Record<Verdict['answer'], 'good' | 'warn' | 'bad'>> = {
  yes: 'good',
  suspended: 'bad',
  'under-way': 'warn',
  no: 'bad',
  unknown: 'warn',
};

export async function computerPage(visit: SignedIn): Promise<Response> {
  const { words, node, staff } = visit;
  const computer = await computerOf(visit);
  const events = await timelineOf(node, computer);
  const writers = await writersOf(node, computer.deviceId);
  return respondPage(visit, {
    title: computer.computerName,
    at: 'computers',
    meaning: 'data',
    body: (
      <>
        <h1>
          {computer.computerName} <span class="faint">{computer.domain}</span>
        </h1>
        <Answer visit={visit} computer={computer} />
        <div class="columns">
          <div class="column">
            <section class="card">
              <h2>{words.computer.state}</h2>
              <p>
                <ComplianceTag state={computer.state} />
              </p>
              {computer.reasons.length > 0 && <Reasons visit={visit} computer={computer} />}
              {computer.error !== null && <p class="fault">{words.computer.error(computer.error)}</p>}
            </section>
            <ExemptionCard visit={visit} deviceId={computer.deviceId} />
          </div>
          <Facts visit={visit} computer={computer} writers={writers} />
        </div>
        {staff.role === 'administrator' && node.identity.certificate.role === 'centre' && (
          <p class="actions">
            {(['device-state', 'exemption'] as const).map((kind) => (
              <a class="button second" href={`${NAV.admin.path}/${kind}/${computer.deviceId}`}>
                {words.admin.kinds[kind]}
              </a>
            ))}
          </p>
        )}
        <h2>{words.computer.volumes}</h2>
        <Table
          visit={visit}
          caption={words.computer.volumes}
          columns={volumeColumns(visit)}
          rows={computer.volumes}
        />
        <h2>{words.computer.keys}</h2>
        <Table
          visit={visit}
          caption={words.computer.keys}
          columns={keyColumns(visit)}
          rows={keysOf(computer)}
        />
        <h2>{words.computer.timeline}</h2>
        <Timeline visit={visit} events={events} />
      </>
    ),
  });
}

/** A drive that was protected is not safe while somebody may hold what opens it. */
function toneOf({ answer, disclosedAt }: Verdict): 'good' | 'warn' | 'bad' {
  return answer === 'yes' && disclosedAt !== null ? 'warn' : TONES[answer];
}

function Answer({ visit, computer }: { visit: SignedIn; computer: Computer }) {
  const { words } = visit;
  const verdict = verdictOf(computer);
  return (
    <section class={`answer ${toneOf(verdict)}`} aria-labelledby="answer">
      <p class="faint">{words.computer.question}</p>
      <p class="answer-words" id="answer">
        {words.computer.answers[verdict.answer]}
      </p>
      <p>
        {words.computer.lastSeen} <Time visit={visit} at={computer.lastSeen} /> (
        <Time visit={visit} at={computer.lastSeen} ago />
        ). {verdict.open.length > 0 && words.computer.openDrives(verdict.open)}
      </p>
      {verdict.disclosedAt !== null && (
        <p class="fault">
          {words.computer.stillOpens} <Time visit={visit} at={verdict.disclosedAt} />.
        </p>
      )}
      {computer.standing.code !== 'managed' && <p>{computer.standing.words}.</p>}
    </section>
  );
}

function Reasons({ visit, computer }: { visit: SignedIn; computer: Computer }) {
  const { words } = visit;
  return (
    <dl class="reasons">
      {computer.reasons.map(({ code, words: reason }) => (
        <>
          <dt>{reason}</dt>
          <dd>{words.computer.remedies[code] ?? words.computer.remedyOtherwise}</dd>
        </>
      ))}
    </dl>
  );
}

function Facts({
  visit,
  computer,
  writers,
}: {
  visit: SignedIn;
  computer: Computer;
  writers: readonly string[];
}) {
  const { words } = visit;
  const tpm = { true: words.yes, false: words.no, null: words.unknown }[`${computer.tpmPresent}`];
  const facts: readonly (readonly [string, string])[] = [
    [words.computers.site, computer.siteName],
    [words.computers.user, computer.users.join(', ') || '–'],
    [words.computers.machine, `${computer.make} ${computer.model}`],
    [words.computers.os, computer.osVersion],
    [words.computer.tpm, tpm],
    [words.computer.policy, String(computer.policyVersion)],
    [words.computer.reportedTo, computer.reportedTo ?? '–'],
    [words.computer.writers, writers.join(', ') || '–'],
    [words.computer.deviceId, computer.deviceId],
  ];
  return (
    <section class="card">
      <h2>{words.computer.facts}</h2>
      <dl class="pairs">
        {facts.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function volumeColumns({ words }: SignedIn): Column<Volume>[] {
  return [
    {
      head: words.computer.drive,
      isName: true,
      cell: ({ driveLetter, type }) => `${driveLetter ?? ''} ${type.words}`,
    },
    {
      head: words.computer.encryption,
      cell: ({ conversion, encryptionPercentage }) =>
        encryptionPercentage === null || [0, 1].includes(conversion.code)
          ? conversion.words
          : `${conversion.words} (${String(encryptionPercentage)} %)`,
    },
    {
      head: words.computer.protection,
      cell: ({ protection, suspended }) =>
        suspended ? <Tag kind="bad">{words.computer.suspended}</Tag> : protection.words,
    },
    { head: words.computer.method, cell: ({ encryptionMethod }) => encryptionMethod.words },
    { head: words.computer.lock, cell: ({ lock }) => lock.words },
    {
      head: words.computer.protectors,
      cell: ({ protectors }) => protectors.map(({ type }) => type.words).join(', '),
    },
    {
      head: words.computers.reasons,
      cell: ({ reasons }) => reasons.map(({ words: reason }) => reason).join('; '),
    },
  ];
}

interface KeyRow extends KeyHistory {
  readonly drive: string;
}

function keysOf({ volumes, otherVolumes }: Computer): KeyRow[] {
  return [
    ...volumes.flatMap(({ keys, driveLetter, type }) =>
      keys.map((key) => ({ ...key, drive: driveLetter ?? type.words })),
    ),
    ...otherVolumes.flatMap(({ keys, type }) => keys.map((key) => ({ ...key, drive: type.words }))),
  ];
}

function keyColumns(visit: SignedIn): Column<KeyRow>[] {
  const { words } = visit;
  return [
    { head: words.computer.keyId, isName: true, cell: ({ keyId }) => <span class="code">{keyId}</span> },
    { head: words.computer.drive, cell: ({ drive }) => drive },
    { head: words.computer.keyState, cell: ({ state }) => state.words },
    {
      head: words.computer.onDrive,
      cell: ({ onDrive }) => ({ true: words.yes, false: words.no, null: words.unknown })[`${onDrive}`],
    },
    { head: words.computer.escrowedAt, cell: ({ escrowedAt }) => <Time visit={visit} at={escrowedAt} /> },
    {
      head: words.computer.disclosedAt,
      cell: ({ disclosedAt }) =>
        disclosedAt.map((at) => (
          <div>
            <Time visit={visit} at={at} />
          </div>
        )),
    },
    { head: words.computer.importedFrom, cell: ({ importedFrom }) => importedFrom?.words ?? '' },
  ];
}

function Timeline({ visit, events }: { visit: SignedIn; events: readonly TimelineEvent[] }) {
  const { words } = visit;
  return (
    <ol class="timeline">
      {events.map(({ at, what, subject }) => (
        <li>
          <Time visit={visit} at={at} /> <span>{words.computer.events[what](subject)}</span>
        </li>
      ))}
    </ol>
  );
}
