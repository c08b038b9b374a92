/** What stands around every page: head, navigation, how current the data is, footer. */
import type { Child } from 'hono/jsx';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { assetPath } from '../http/routes/assets.ts';
import { STAFF_ROLES, type StaffRole } from '../domain/vocabulary.ts';
import { limits } from '../limits.ts';
import type { HoldfastNode } from '../node.ts';
import { LANGUAGES } from '../text/language.ts';
import { staffRoleWords } from '../text/audit.ts';
import { Freshness, type Meaning } from './pieces/freshness.tsx';
import { TOKEN_FIELD } from './form.ts';
import type { Visit } from './visit.ts';

/**
 * Everything a page needs comes from the node itself, and nothing stands in the page that a browser would run or a
 * style attribute would change: what somebody smuggles into a name stays text.
 */
const POLICY = [
  "default-src 'none'",
  ...["style-src 'self'", "script-src 'self'", "img-src 'self'", "connect-src 'self'"],
  ...["form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"],
].join('; ');

export interface Page {
  readonly title: string;
  /** what data of other sites means for this page while the centre is away */
  readonly meaning: Meaning;
  /** the navigation's entry that this page belongs to */
  readonly at?: NavName;
  readonly status?: ContentfulStatusCode;
  /** what a browser without script loads after some seconds */
  readonly withoutScript?: { readonly seconds: number; readonly to: string };
  readonly body: Child;
}

type NavName =
  | 'recover'
  | 'requests'
  | 'breakGlass'
  | 'computers'
  | 'reports'
  | 'audit'
  | 'signIns'
  | 'risk'
  | 'nodes'
  | 'admin';

export const NAV: Readonly<Record<NavName, { readonly path: string; readonly roles: readonly StaffRole[] }>> =
  {
    recover: { path: '/recover', roles: ['helpdesk', 'advanced-helpdesk'] },
    requests: { path: '/requests', roles: ['helpdesk', 'advanced-helpdesk', 'break-glass-officer'] },
    breakGlass: { path: '/break-glass', roles: ['break-glass-officer'] },
    computers: { path: '/computers', roles: STAFF_ROLES },
    reports: { path: '/reports/compliance', roles: STAFF_ROLES },
    audit: { path: '/reports/audit', roles: ['reports', 'auditor', 'administrator'] },
    signIns: { path: '/reports/sign-ins', roles: ['auditor', 'administrator'] },
    risk: { path: '/reports/keys-at-risk', roles: STAFF_ROLES },
    nodes: { path: '/nodes', roles: STAFF_ROLES },
    admin: { path: '/admin', roles: ['administrator'] },
  };

/** The first page of a person: what they most often come for. */
export function homeOf(role: StaffRole): string {
  if (role === 'break-glass-officer') return NAV.breakGlass.path;
  return role === 'helpdesk' || role === 'advanced-helpdesk' ? NAV.recover.path : NAV.reports.path;
}

/** Answers with a page. */
export async function respondPage(visit: Visit, page: Page): Promise<Response> {
  const { c, language } = visit;
  const frame = await (<Frame visit={visit} page={page} />);
  // A piece that waits for the database makes a promise of the whole text, whatever its type says.
  const text = await Promise.resolve(frame.toString());
  return c.body(`<!doctype html>${text}`, page.status ?? 200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Language': language,
    'Content-Security-Policy': POLICY,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'no-store',
    Vary: 'Accept-Language, Cookie, Authorization',
  });
}

function Frame({ visit, page }: { visit: Visit; page: Page }) {
  const { words, language, node, staff, clock } = visit;
  const { withoutScript } = page;
  return (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${page.title} · ${words.product}`}</title>
        <link rel="icon" href={assetPath('icon.svg')} type="image/svg+xml" />
        <link rel="stylesheet" href={assetPath('portal.css')} />
        <script src={assetPath('portal.js')} defer></script>
        {withoutScript && (
          <noscript>
            <meta
              http-equiv="refresh"
              content={`${String(withoutScript.seconds)}; url=${withoutScript.to}`}
            />
          </noscript>
        )}
      </head>
      <body>
        <a class="skip" href="#main">
          {words.skip}
        </a>
        <header class="top">
          <a class="brand" href="/">
            <img src={assetPath('icon.svg')} alt="" width="28" height="28" />
            <span>{words.product}</span>
          </a>
          {staff && <Navigation visit={visit} at={page.at} />}
          <div class="person">
            <LanguageSwitch visit={visit} />
            {staff && (
              <form method="post" action="/sign-out">
                <Token visit={visit} />
                <a class="who" href="/account">
                  {staff.name}
                  <small>{staffRoleWords[language][staff.role]}</small>
                </a>
                <button class="quiet">{words.signOut}</button>
              </form>
            )}
          </div>
        </header>
        <Freshness visit={visit} meaning={page.meaning} />
        <main id="main" tabindex={-1}>
          {page.body}
        </main>
        {staff && <IdleWarning visit={visit} />}
        <footer class="foot">{words.footer(nodeName(node), node.options.version, clock.zone)}</footer>
      </body>
    </html>
  );
}

/** Shown by script alone: without it, the page that is asked for next says the same. */
function IdleWarning({ visit: { words } }: { visit: Visit }) {
  return (
    <div
      class="idle"
      role="alert"
      hidden
      data-island="idle"
      data-warn-after={limits.sessionIdleMs - limits.sessionWarningMs}
      data-over-after={limits.sessionIdleMs}
      data-over={words.idle.over}
    >
      <p>{words.idle.soon}</p>
      <button type="button">{words.idle.stay}</button>
    </div>
  );
}

function nodeName({ identity }: HoldfastNode): string {
  return identity.certificate.name;
}

function Navigation({ visit, at }: { visit: Visit; at: NavName | undefined }) {
  const { words, staff, node } = visit;
  const isCentre = node.identity.certificate.role === 'centre';
  const shown = (Object.keys(NAV) as NavName[]).filter(
    (name) => staff && NAV[name].roles.includes(staff.role) && (name !== 'admin' || isCentre),
  );
  return (
    <nav aria-label={words.nav.label}>
      <ul>
        {shown.map((name) => (
          <li>
            <a href={NAV[name].path} aria-current={name === at ? 'page' : undefined}>
              {words.nav[name]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function LanguageSwitch({ visit }: { visit: Visit }) {
  const { words, language, c } = visit;
  const others = LANGUAGES.filter((other) => other !== language);
  // A page that a form led to cannot be loaded again: its own address shows where to begin.
  const back = new URL(c.req.url);
  return (
    <form method="post" action="/language">
      <Token visit={visit} />
      <input type="hidden" name="back" value={`${back.pathname}${back.search}`} />
      {others.map((other) => (
        <button class="quiet" name="language" value={other} lang={other} title={words.language.choose}>
          {words.language[other]}
        </button>
      ))}
    </form>
  );
}

/** The hidden field every form carries. */
export function Token({ visit }: { visit: Visit }) {
  return <input type="hidden" name={TOKEN_FIELD} value={visit.token} />;
}
