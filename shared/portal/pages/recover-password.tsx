/**
 * The password, to be read out over a bad line: eight groups, each with its digits as words and a box to tick once the
 * caller has it. It is on the screen for some minutes and nowhere else.
 */
import type { DisclosureAnswer } from '../../helpdesk/messages.ts';
import { limits } from '../../limits.ts';
import { volumeTypeWords } from '../../text/compliance.ts';
import { wordsOf } from '../../text/language.ts';
import { NAV, respondPage } from '../frame.tsx';
import type { SignedIn } from '../visit.ts';

const shownSeconds = limits.passwordShownMs / 1000;

export function passwordPage(visit: SignedIn, answer: DisclosureAnswer): Promise<Response> {
  return respondPage(visit, {
    title: visit.words.recover.passwordTitle,
    ...{ at: 'recover', meaning: 'recover' },
    withoutScript: { seconds: shownSeconds, to: NAV.recover.path },
    body: <Password visit={visit} answer={answer} />,
  });
}

function Password({ visit, answer }: { visit: SignedIn; answer: DisclosureAnswer }) {
  const { words, language } = visit;
  const { recoveryPassword, computerName, domain, driveLetter, volumeType, keyId, keyPackage, disclosure } =
    answer;
  const groups = recoveryPassword.split('-');
  const volume = wordsOf(volumeTypeWords, language, volumeType);
  return (
    <article
      class="password"
      data-island="password"
      data-seconds={shownSeconds}
      data-left={words.recover.left}
      data-copied={words.recover.copied}
    >
      <header>
        <h1 tabindex={-1} autofocus>
          {words.recover.passwordTitle}
        </h1>
        <p>
          <strong>{computerName}</strong> {domain && <span class="faint">{domain}</span>} ·{' '}
          {driveLetter === null ? volume : `${driveLetter} · ${volume}`}
          <br />
          <span class="code faint">{keyId}</span>
        </p>
        <p class="countdown" data-countdown role="timer">
          {words.recover.hidden(Math.round(shownSeconds / 60))}
        </p>
      </header>
      <div data-secret>
        <ol class="groups" aria-label={words.recover.passwordTitle}>
          {groups.map((group, index) => (
            <li>
              <label>
                <span class="group-number">{String(index + 1)}</span>
                <span class="group-digits" data-group>
                  {group}
                </span>
                <span class="group-words">
                  {Array.from(group, (digit) => words.recover.digitWords[Number(digit)]).join(' ')}
                </span>
                <span class="group-check">
                  <input type="checkbox" autocomplete="off" /> {words.recover.callerHasIt}
                </span>
              </label>
            </li>
          ))}
        </ol>
        <p class="actions">
          <button type="button" data-copy hidden>
            {words.recover.copy}
          </button>
          {keyPackage !== null && (
            <button type="button" class="second" data-package={`${keyId}.kpg`} hidden>
              {words.recover.package}
            </button>
          )}
          <button type="button" class="second" data-hide hidden>
            {words.recover.hide}
          </button>
          <span data-said aria-live="polite" class="faint"></span>
        </p>
        {keyPackage !== null && (
          <details>
            <summary>{words.recover.packageText}</summary>
            <p>{words.recover.packageHint}</p>
            <textarea readonly rows={4} class="code" aria-label={words.recover.packageText} data-package-text>
              {keyPackage}
            </textarea>
          </details>
        )}
      </div>
      <section class="next">
        <h2>{words.recover.next}</h2>
        <ol>
          {words.recover.nextSteps.map((step) => (
            <li>{step}</li>
          ))}
        </ol>
        <p class="faint">{words.recover.record(`${disclosure.origin}/${String(disclosure.seq)}`)}</p>
        <p>
          <a class="button second" href="/recover">
            {words.recover.again}
          </a>
        </p>
      </section>
    </article>
  );
}
