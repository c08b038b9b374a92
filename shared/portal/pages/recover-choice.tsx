/** The keys that begin as was read out, and what has to be said before one is given out. */
import { CALLER_VERIFICATIONS, DISCLOSURE_REASONS } from '../../domain/vocabulary.ts';
import type { Candidate } from '../../helpdesk/messages.ts';
import { limits } from '../../limits.ts';
import { disclosureReasonWords, importSourceWords, verificationWords } from '../../text/audit.ts';
import { volumeTypeWords } from '../../text/compliance.ts';
import { wordsOf } from '../../text/language.ts';
import type { Fields } from '../form.ts';
import { Token } from '../frame.tsx';
import { Field, Options } from '../pieces/fields.tsx';
import { Tag } from '../pieces/tag.tsx';
import { Time } from '../pieces/time.tsx';
import type { SignedIn } from '../visit.ts';

/** What names one key among those of the same ID. */
export function choiceOf({ keyId, commitment, deviceId }: Candidate): string {
  return [keyId, commitment, deviceId].join(' ');
}

export function readChoice(text: string): { keyId?: string; commitment?: string; deviceId?: string } {
  const [keyId, commitment, deviceId] = text.split(' ', 4);
  return {
    ...(keyId !== undefined && { keyId }),
    ...(commitment !== undefined && { commitment }),
    ...(deviceId !== undefined && { deviceId }),
  };
}

export function Chosen({
  visit,
  digits,
  candidates,
  more,
  fields,
  fault,
}: {
  visit: SignedIn;
  digits: string;
  candidates: readonly Candidate[];
  more: boolean;
  /** what was filled in before, if the form was sent and came back */
  fields: Fields;
  fault: string | null;
}) {
  const { words, staff, language } = visit;
  const chosen =
    fields.get('key') ?? (candidates.length === 1 && candidates[0] ? choiceOf(candidates[0]) : '');
  const named = staff.role === 'helpdesk';
  return (
    <form method="post" action="/recover/password" class="disclosure">
      <Token visit={visit} />
      <input type="hidden" name="digits" value={digits} />
      <fieldset class="candidates">
        <legend>{words.recover.found(candidates.length)}</legend>
        {more && <p class="fault">{words.recover.more}</p>}
        {candidates.map((candidate, index) => (
          <CandidateCard
            visit={visit}
            candidate={candidate}
            checked={choiceOf(candidate) === chosen}
            first={index === 0 && candidates.length > 1 && fault === null}
          />
        ))}
      </fieldset>
      <fieldset class="facts">
        <legend>{words.recover.facts}</legend>
        {fault !== null && (
          <p class="fault" role="alert" id="facts-fault">
            {fault}
          </p>
        )}
        <Field label={words.recover.reason} id="reason">
          <select id="reason" name="reason" required autofocus={candidates.length === 1 && fault === null}>
            <Options
              of={DISCLOSURE_REASONS}
              words={disclosureReasonWords[language]}
              chosen={fields.get('reason')}
              none={words.recover.choose}
            />
          </select>
        </Field>
        <Field label={words.recover.verification} id="verification">
          <select id="verification" name="verification" required>
            <Options
              of={CALLER_VERIFICATIONS}
              words={verificationWords[language]}
              chosen={fields.get('verification')}
              none={words.recover.choose}
            />
          </select>
        </Field>
        <Field
          label={named ? words.recover.endUser : words.recover.endUserOptional}
          id="endUser"
          hint={words.recover.endUserHint}
        >
          <input
            id="endUser"
            name="endUser"
            value={fields.get('endUser') ?? ''}
            required={named}
            maxlength={320}
            autocomplete="off"
            spellcheck={false}
            autofocus={fault !== null}
            aria-describedby="endUser-hint"
          />
        </Field>
        <Field label={words.recover.note} id="note">
          <input
            id="note"
            name="note"
            value={fields.get('note') ?? ''}
            maxlength={limits.noteCharactersMax}
            autocomplete="off"
          />
        </Field>
        <label class="tick">
          <input
            type="checkbox"
            name="secondPerson"
            value="yes"
            checked={fields.get('secondPerson') === 'yes'}
          />{' '}
          {words.recover.secondPerson}
        </label>
        <p class="faint">{words.recover.audited}</p>
        <button>{words.recover.disclose}</button>
      </fieldset>
    </form>
  );
}

function CandidateCard({
  visit,
  candidate,
  checked,
  first,
}: {
  visit: SignedIn;
  candidate: Candidate;
  checked: boolean;
  first: boolean;
}) {
  const { words, language } = visit;
  const { keyId, computerName, domain, users, driveLetter, volumeType, siteName, escrowedAt } = candidate;
  const volume = wordsOf(volumeTypeWords, language, volumeType);
  return (
    <label class="candidate">
      <input
        type="radio"
        name="key"
        value={choiceOf(candidate)}
        required
        checked={checked}
        autofocus={first}
      />
      <span class="candidate-body">
        <span class="candidate-name">
          <strong>{computerName}</strong>
          <span class="faint">{domain}</span>
          <Tags visit={visit} candidate={candidate} />
        </span>
        <span class="candidate-facts">
          <span>{driveLetter === null ? volume : `${driveLetter} · ${volume}`}</span>
          <span>{users.length > 0 ? users.join(', ') : words.recover.noUser}</span>
          <span>{siteName}</span>
          <span>
            {words.recover.escrowed} <Time visit={visit} at={escrowedAt} ago />
          </span>
        </span>
        <span class="code candidate-id">{keyId}</span>
        {candidate.needs.map((need) => (
          <span class="needs">{words.recover.needs[need]}</span>
        ))}
        {!candidate.opensHere && <span class="fault">{words.recover.elsewhere(candidate.opensAt)}</span>}
      </span>
    </label>
  );
}

function Tags({ visit: { words, language }, candidate }: { visit: SignedIn; candidate: Candidate }) {
  const {
    disclosed,
    conflicted,
    onDrive,
    claim,
    deviceRevoked,
    deviceState,
    fromFork,
    importedFrom,
    confirmed,
  } = candidate;
  return (
    <>
      {onDrive === true && <Tag kind="good">{words.recover.tags.onDrive}</Tag>}
      {onDrive === false && <Tag kind="warn">{words.recover.tags.rotated}</Tag>}
      {disclosed && <Tag kind="warn">{words.recover.tags.disclosed}</Tag>}
      {conflicted && <Tag kind="bad">{words.recover.tags.conflicted}</Tag>}
      {claim === 'pending' && <Tag kind="bad">{words.recover.tags.pending}</Tag>}
      {deviceState !== 'live' && <Tag kind="bad">{words.recover.tags[deviceState]}</Tag>}
      {deviceRevoked && deviceState === 'live' && <Tag kind="bad">{words.recover.tags.revoked}</Tag>}
      {fromFork && <Tag kind="warn">{words.recover.tags.fork}</Tag>}
      {importedFrom !== null && (
        <Tag kind={confirmed ? 'plain' : 'warn'}>
          {words.recover.tags.imported(importSourceWords[language][importedFrom], confirmed)}
        </Tag>
      )}
    </>
  );
}
