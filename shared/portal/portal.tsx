/**
 * The pages of this node, for people. Each calls the services that the API calls, and is audited as it is. They are
 * whole without script; what script adds (`assets/portal.ts`) is comfort.
 */
import { setCookie } from 'hono/cookie';
import { STAFF_ROLES } from '../domain/vocabulary.ts';
import type { Routes } from '../http/context.ts';
import { LANGUAGES } from '../text/language.ts';
import { cookieAttributes, readForm } from './form.ts';
import { homeOf } from './frame.tsx';
import { localPath } from './local-path.ts';
import { accountPages } from './pages/account.tsx';
import { enrolPages } from './pages/enrol.tsx';
import { signInPages } from './pages/sign-in.tsx';
import { adminAsidePages } from './pages/admin-aside.tsx';
import { adminEdgeTokenPages } from './pages/admin-edge-tokens.tsx';
import { adminEdgePages } from './pages/admin-edges.tsx';
import { adminExemptionPages } from './pages/admin-exemptions.tsx';
import { adminPages } from './pages/admin.tsx';
import { auditPages } from './pages/audit.tsx';
import { compliancePages } from './pages/compliance.tsx';
import { computerPages } from './pages/computers.tsx';
import { breakGlassPages } from './pages/break-glass.tsx';
import { exemptionPages } from './pages/exemption.tsx';
import { riskPages } from './pages/keys-at-risk.tsx';
import { nodePages } from './pages/nodes.tsx';
import { recoverPages } from './pages/recover.tsx';
import { requestPages } from './pages/requests.tsx';
import { signInReportPages } from './pages/sign-ins.tsx';
import { shows } from './routing.ts';
import { LANGUAGE_COOKIE } from './visit.ts';

const YEAR_S = 365 * 86_400;

const PAGES: readonly Routes[] = [
  ...[signInPages, enrolPages, accountPages, recoverPages, requestPages, breakGlassPages],
  ...[computerPages, compliancePages, auditPages, signInReportPages, riskPages, nodePages],
  ...[exemptionPages, adminEdgePages, adminEdgeTokenPages, adminAsidePages, adminExemptionPages, adminPages],
];

export const portalRoutes: Routes = (app, node) => {
  shows(app, node, '/', { use: 'reports', roles: STAFF_ROLES }, ({ c, staff }) =>
    c.redirect(homeOf(staff.role), 303),
  );
  app.post('/language', async (c) => {
    const fields = await readForm(c, node.options.platform);
    const language = LANGUAGES.find((known) => known === fields.get('language'));
    if (language) setCookie(c, LANGUAGE_COOKIE, language, { ...cookieAttributes(c), maxAge: YEAR_S });
    return c.redirect(localPath(fields.get('back')), 303);
  });
  for (const pages of PAGES) pages(app, node);
};
