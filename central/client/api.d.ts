/** Made from `/openapi.json` by test/api/client-types.test.ts; not to be edited. */
export interface paths {
  '/healthz': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether the process answers */
    get: operations['get-healthz'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/readyz': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether this node serves what it is for, and what needs attention */
    get: operations['get-readyz'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/metrics': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What this node counts, for Prometheus
     * @description Text format 0.0.4. Names and meanings: docs/monitoring.
     */
    get: operations['get-metrics'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/devices': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Enrol a device
     * @description Needs a DPoP proof (RFC 9449) by the key the device will use, and the enrolment token of its site.
     */
    post: operations['post-v1-devices'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/recovery/keys/{keyId}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    /**
     * Escrow a recovery password
     * @description Idempotent. Encrypt only with a valid receipt.
     */
    put: operations['put-v1-recovery-keys-keyId'];
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/compliance/status': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Report the state of a computer and its volumes */
    post: operations['post-v1-compliance-status'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/recovery/search': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Find keys by the first digits of their ID
     * @description Audited before it is answered.
     */
    post: operations['post-v1-recovery-search'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/recovery/disclosures': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Give out a recovery password
     * @description The disclosure is a durable audit record before the password leaves. The device is told to rotate. Where the rules of the site, the time without the centre or the device ask for a second person, it is a request that waits for one at this node.
     */
    post: operations['post-v1-recovery-disclosures'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/recovery/requests': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Disclosures that wait at this node for a second person, or were approved and not used yet
     * @description Your own, and those that you may approve.
     */
    get: operations['get-v1-recovery-requests'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/recovery/requests/{requestId}/approval': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Approve a disclosure, as the second person */
    post: operations['post-v1-recovery-requests-requestId-approval'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/recovery/requests/{requestId}/denial': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Deny a disclosure, as the second person */
    post: operations['post-v1-recovery-requests-requestId-denial'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/recovery/requests/{requestId}/disclosure': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Get the recovery password of an approved request, once */
    post: operations['post-v1-recovery-requests-requestId-disclosure'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/break-glass': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What is open at this node, and what waits for a second officer */
    get: operations['get-v1-break-glass'];
    put?: never;
    /** Ask for break-glass of one site, as the first officer */
    post: operations['post-v1-break-glass'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/break-glass/{openingId}/confirmation': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Open it, as the second officer
     * @description For four hours as this node lives them, and for so many disclosures; each has its own audit record and is rotated afterwards. The next opening needs contact with the centre first.
     */
    post: operations['post-v1-break-glass-openingId-confirmation'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/break-glass/{openingId}/end': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** End it before its time */
    post: operations['post-v1-break-glass-openingId-end'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/exemptions/requests': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Exemptions that were asked for, of the sites that you see */
    get: operations['get-v1-exemptions-requests'];
    put?: never;
    /**
     * Ask for an exemption, for a user of a computer
     * @description At any node, also without the centre. An administrator at a centre answers.
     */
    post: operations['post-v1-exemptions-requests'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/exemptions/requests/{requestId}/approval': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Approve an exemption, at a centre
     * @description Configures it for the computer; its device is told with its next report.
     */
    post: operations['post-v1-exemptions-requests-requestId-approval'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/exemptions/requests/{requestId}/refusal': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Refuse an exemption, at a centre */
    post: operations['post-v1-exemptions-requests-requestId-refusal'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/outbox': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Disclosures in the order in which this node learned of them, with whom to tell
     * @description `after` is `next` of the answer before; `now` gives the place where the log ends. See `holdfast notify`.
     */
    get: operations['get-v1-admin-outbox'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/reports/enterprise-compliance': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * How many managed computers are in which compliance state
     * @description By site, by reason for non-compliance and by Windows version. Staff of some sites see those alone.
     */
    get: operations['get-v1-reports-enterprise-compliance'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/reports/compliance-trend': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * How many managed computers were in which compliance state, day by day
     * @description Each node counts once an hour and keeps the last count of each day, as it knew it then: the days before it was set up are not there.
     */
    get: operations['get-v1-reports-compliance-trend'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/reports/computer-compliance': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Computers with their volumes and the history of their keys
     * @description By computer name. CSV has a row for each volume, and every page.
     */
    get: operations['get-v1-reports-computer-compliance'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/reports/keys-at-risk': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Keys that need somebody: given out and not rotated, in conflict, not confirmed, never seen since
     * @description By key ID. A key that was given out is to be rotated until its drive is reported without it; the answer says which are overdue. CSV has every page.
     */
    get: operations['get-v1-reports-keys-at-risk'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/reports/sign-ins': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Who signed in and who tried to, and what was done to accounts
     * @description Newest first. Staff of some sites see what happened at the nodes of these. Which codes were used is not among it. CSV has every page.
     */
    get: operations['get-v1-reports-sign-ins'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/reports/recovery-audit': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Who asked for which recovery key
     * @description Newest first, key-ID searches and refusals included. What belongs to no site, such as a search, is shown to those who see every site. CSV has every page.
     */
    get: operations['get-v1-reports-recovery-audit'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/config/{kind}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List configured regions, sites, vaults, staff, site tokens, policies or exemptions */
    get: operations['get-v1-admin-config-kind'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/config/{kind}/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    /**
     * Configure one thing (at a centre)
     * @description Send the revision you read, 0 for a new one; it is refused when somebody else changed it meanwhile.
     */
    put: operations['put-v1-admin-config-kind-id'];
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/device-revocations': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Revoke a device; its keys are kept */
    post: operations['post-v1-admin-device-revocations'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/digests': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How far each log is held here, its chain head, and a digest of every table derived from it */
    get: operations['get-v1-admin-digests'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/comparison': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Compare every table with the journal here and with each reachable peer, and name the rows that differ */
    post: operations['post-v1-admin-comparison'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/confirmation': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Confirm a centre whose missing edges will not come */
    post: operations['post-v1-admin-confirmation'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/accounts': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Staff, and by which credentials each can sign in; no secret is among it */
    get: operations['get-v1-admin-accounts'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/accounts/{staffId}/links': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Make a one-time enrolment link; it takes the place of an earlier one */
    post: operations['post-v1-admin-accounts-staffId-links'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/accounts/{staffId}/reset': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Forget all credentials of a person, everywhere and for good; ends their sessions */
    post: operations['post-v1-admin-accounts-staffId-reset'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/accounts/{staffId}/password-change': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Have a person choose another password before anything else */
    post: operations['post-v1-admin-accounts-staffId-password-change'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/session': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who is signed in, and until when; does not prolong it */
    get: operations['get-v1-session'];
    put?: never;
    /**
     * Sign in with a password and a one-time or recovery code
     * @description The session is a cookie of this node. Whatever is wrong is answered alike.
     */
    post: operations['post-v1-session'];
    /** Sign out */
    delete: operations['delete-v1-session'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/session/passkey/options': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Begin to sign in with a passkey: options for navigator.credentials.get */
    post: operations['post-v1-session-passkey-options'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/session/passkey': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Sign in with a passkey */
    post: operations['post-v1-session-passkey'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/enrolment/options': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Open a one-time enrolment link (at a centre): a TOTP secret, and options for a passkey */
    post: operations['post-v1-enrolment-options'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/enrolment': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Enrol a password with one-time codes, a passkey, or both; uses the link up */
    post: operations['post-v1-enrolment'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/session/password': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    /** Choose another password (at a centre); ends the sessions made with the old one */
    put: operations['put-v1-session-password'];
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/session/passkeys': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One’s own passkeys; does not prolong the session */
    get: operations['get-v1-session-passkeys'];
    put?: never;
    /** Add a passkey (at a centre) */
    post: operations['post-v1-session-passkeys'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/session/passkeys/options': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Begin to add a passkey (at a centre): options for navigator.credentials.create
     * @description Soon after signing in alone.
     */
    post: operations['post-v1-session-passkeys-options'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/session/passkeys/{passkeyId}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    /** Call a passkey something else (at a centre) */
    put: operations['put-v1-session-passkeys-passkeyId'];
    post?: never;
    /**
     * Remove a passkey (at a centre); ends the sessions begun by it
     * @description The last way to sign in is not removed. Soon after signing in alone.
     */
    delete: operations['delete-v1-session-passkeys-passkeyId'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/session/recovery-codes': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Make new recovery codes (at a centre); the old ones are good for nothing from then on
     * @description Soon after signing in alone. Ends the sessions begun by an old code.
     */
    post: operations['post-v1-session-recovery-codes'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One’s own sessions at this node; does not prolong any */
    get: operations['get-v1-sessions'];
    put?: never;
    post?: never;
    /** End one’s other sessions: at this node and, asked of a centre, at every other as soon as it hears of it */
    delete: operations['delete-v1-sessions'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/imports': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Import recovery keys from another system, sealed and journalled like an escrow
     * @description May be repeated: what is held already is not written again.
     */
    post: operations['post-v1-admin-imports'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/exports': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Ask for an export of every key that this node can open, encrypted to age recipients
     * @description Another administrator has to confirm it at the same node within the hour.
     */
    post: operations['post-v1-admin-exports'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/exports/{exportId}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What an export is about, who asked for it and how far it is */
    get: operations['get-v1-admin-exports-exportId'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/exports/{exportId}/confirmation': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Confirm an export, as the second officer */
    post: operations['post-v1-admin-exports-exportId-confirmation'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/exports/{exportId}/file': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Fetch a confirmed export: CSV, encrypted with age (age-encryption.org/v1)
     * @description Each key has its own audit record, durable before the key leaves. A file that broke off does not decrypt.
     */
    post: operations['post-v1-admin-exports-exportId-file'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/vaults': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List vaults, the keys that only an old one opens, and how far re-sealing has come on this node */
    get: operations['get-v1-admin-vaults'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/edges': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the edges that this node knows, and which were revoked */
    get: operations['get-v1-admin-edges'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/edges/{nodeId}/revocation': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Revoke an edge: it is refused everywhere, and its logs count up to a place
     * @description The place is the last one that is held at the centre, or the last one before `until` by the clock of the edge. What lies beyond is kept aside at every node.
     */
    post: operations['post-v1-admin-edges-nodeId-revocation'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/edges/{nodeId}/exposure': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How many of the keys that a stolen edge gave away are on no drive any more */
    get: operations['get-v1-admin-edges-nodeId-exposure'];
    put?: never;
    /**
     * Name every key that a stolen edge could open or gave out, and order the rotation of each
     * @description Its vaults are those of its region that are marked as compromised or retired: mark them first.
     */
    post: operations['post-v1-admin-edges-nodeId-exposure'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/edges/{nodeId}/staff-reset': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Take the credentials and tokens of everybody who could sign in at an edge, but the one who asks */
    post: operations['post-v1-admin-edges-nodeId-staff-reset'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/edges/{nodeId}/quarantine': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List escrows that were kept aside with a revoked edge’s logs, the newest first */
    get: operations['get-v1-admin-edges-nodeId-quarantine'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/edges/releases': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Take one escrow back in that was kept aside, with where it came from */
    post: operations['post-v1-admin-edges-releases'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/edges/refusals': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Leave one escrow aside that was kept aside: looked at, and not taken back in
     * @description It stays where it is, and can be taken back in later.
     */
    post: operations['post-v1-admin-edges-refusals'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/edges/requests': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Ask for the certificate of a new edge, with a one-time token; again, to fetch it
     * @description The token is good for one key. The key never leaves its box; the certificate is signed offline.
     */
    post: operations['post-v1-edges-requests'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/openapi.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** This document */
    get: operations['get-openapi.json'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/writers': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List snapshot writers: name, instance, state, last error */
    get: operations['get-v1-admin-writers'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/admin/snapshots': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List snapshots with what verifying them found, and what is under way */
    get: operations['get-v1-admin-snapshots'];
    put?: never;
    /** Make a snapshot now */
    post: operations['post-v1-admin-snapshots'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    Readiness: {
      ready: boolean;
      nodeId: string;
      name: string;
      /** @enum {string} */
      role: 'edge' | 'centre';
      version: string;
      wanted: string | null;
      waitingFor: string[];
      canOpen: string[];
      offlineSince: number | null;
      offlineMs: number;
      breakGlass: {
        openingId: string;
        siteId: string;
        openedAt: number;
        remainingMs: number;
        disclosures: number;
        disclosuresMax: number;
      } | null;
      peers: {
        name: string;
        state: string;
        lastContact: number;
      }[];
      condition: {
        clock: number;
        agreedMs: number | null;
        differing: number;
        aside: number;
        disk: {
          held: number;
          all: number;
          freeBytes: number | null;
        } | null;
      };
      freshness: {
        nodeId: string;
        nodeName: string;
        siteId: string | null;
        siteName: string | null;
        asOf: number | null;
        entriesBehind: number | null;
        lastContactWithCentre: number | null;
        /** @default null */
        version: string | null;
        /** @default null */
        lastFetch: number | null;
        /** @default null */
        lastDelivery: number | null;
        /** @default 0 */
        forks: number;
        /** @default null */
        condition: {
          at: number;
          clockAheadMs: number | null;
          agreedAt: number | null;
          differing: number;
          aside: number;
          disk: {
            held: number;
            all: number;
            freeBytes: number | null;
          } | null;
        } | null;
        wanted: string | null;
      }[];
      alarms: {
        type: string;
        subject: string;
        detail: string;
        since: number;
        count: number;
      }[];
    };
    EnrolAnswer: {
      deviceId: string;
      siteId: string;
      /** @description Bound to the device key; sent as `Authorization: DPoP …` with a fresh proof. */
      token: string;
      /**
       * @description `pending`: another living device holds this computer name.
       * @enum {string}
       */
      claim: 'held' | 'pending';
      policy: components['schemas']['Policy'];
    };
    Policy: {
      version: number;
      rules: {
        /** @enum {string} */
        operatingSystem: 'required' | 'forbidden' | 'optional';
        /** @enum {string} */
        fixedData: 'required' | 'forbidden' | 'optional';
        /** @enum {string} */
        removable: 'required' | 'forbidden' | 'optional';
        /** @enum {string} */
        cipher: 'any' | 'aes-256' | 'xts-128' | 'xts-256';
        /** @enum {string} */
        osProtector: 'any' | 'tpm' | 'tpm-and-pin';
        allowWithoutTpm: boolean;
      };
      /** @enum {string} */
      enforcement: 'enforced' | 'not-enforced' | 'user-exempt' | 'temporary-user-exempt';
      reportEveryMs: number;
    };
    Problem: {
      /** @description `urn:holdfast:problem:` and a stable code. */
      type: string;
      /** @description In English, or in Spanish by `Accept-Language`. */
      title: string;
      status: number;
    } & {
      [key: string]: unknown;
    };
    EnrolRequest: {
      /** @description The enrolment token that group policy hands to the PCs of a site. */
      siteToken: string;
      attributes: {
        computerName: string;
        domain: string;
        /** @description A GUID, with or without braces and hyphens, in any case. */
        smbiosUuid: string;
        serial: string;
        make: string;
        model: string;
        osVersion: string;
      };
    };
    EscrowAnswer: {
      /** @description Compact JWS. Verify it against the organisation key before encrypting. */
      receipt: string;
      /** @enum {string} */
      durability: 'edge' | 'centre' | 'snapshot';
      /** @description Another password or device stands under this key ID as well; both are kept. */
      conflict: boolean;
    };
    EscrowRequest: {
      /** @description 48 digits in 8 groups, with hyphens, spaces or nothing between them. */
      recoveryPassword: string;
      /** @description A GUID, with or without braces and hyphens, in any case. */
      volumeId: string;
      volumeType: 0 | 1 | 2 | 3;
      /** @description Kept by the device since its enrolment, raised by one with every message; orders its messages whatever its clock says. */
      counter: number;
      keyPackage?: string | undefined;
      /** @description A GUID, with or without braces and hyphens, in any case. */
      smbiosUuid: string;
      serial: string;
      computerName: string;
      domain: string;
      users: string[];
    };
    StatusAnswer: {
      /** @enum {string} */
      stored: 'changed' | 'unchanged' | 'stale';
      /** @enum {string} */
      durability: 'edge' | 'centre' | 'snapshot';
      instructions: components['schemas']['Instruction'][];
      notices: components['schemas']['Notice'][];
      policy: components['schemas']['Policy'];
      nextReportMs: number;
    };
    Instruction:
      | {
          /** @enum {string} */
          type: 'rotate';
          keyId: string;
          volumeId: string;
        }
      | {
          /** @enum {string} */
          type: 'escrow-again';
          keyId: string;
          volumeId: string;
          /** @enum {string} */
          why: 'missing' | 'single-copy';
        };
    Notice: {
      /** @enum {string} */
      type: 'key-given-out';
      /** @description Names the disclosure: an agent shows each once. */
      reference: string;
      keyId: string;
      at: number;
      nodeName: string;
    };
    StatusRequest: {
      /** @description Kept by the device since its enrolment, raised by one with every message; orders its messages whatever its clock says. */
      counter: number;
      reportedAt: number;
      machine: {
        computerName: string;
        domain: string;
        /** @description A GUID, with or without braces and hyphens, in any case. */
        smbiosUuid: string;
        serial: string;
        make: string;
        model: string;
        osVersion: string;
        tpmPresent: boolean | null;
        users: string[];
      };
      policy: {
        version: number;
        rules: {
          /** @enum {string} */
          operatingSystem: 'required' | 'forbidden' | 'optional';
          /** @enum {string} */
          fixedData: 'required' | 'forbidden' | 'optional';
          /** @enum {string} */
          removable: 'required' | 'forbidden' | 'optional';
          /** @enum {string} */
          cipher: 'any' | 'aes-256' | 'xts-128' | 'xts-256';
          /** @enum {string} */
          osProtector: 'any' | 'tpm' | 'tpm-and-pin';
          allowWithoutTpm: boolean;
        };
        /** @enum {string} */
        enforcement: 'enforced' | 'not-enforced' | 'user-exempt' | 'temporary-user-exempt';
        error: string | null;
      };
      volumes: {
        /** @description A GUID, with or without braces and hyphens, in any case. */
        volumeId: string;
        volumeType: 0 | 1 | 2 | 3;
        driveLetter: string | null;
        protectionStatus: 0 | 1 | 2;
        conversionStatus: 0 | 1 | 2 | 3 | 4 | 5;
        encryptionMethod: number;
        encryptionPercentage: number | null;
        lockStatus: 0 | 1;
        protectors: {
          type: number;
          /** @description A GUID, with or without braces and hyphens, in any case. */
          keyId: string | null;
        }[];
      }[];
    };
    SearchAnswer: {
      candidates: components['schemas']['Candidate'][];
      askForMoreDigits: boolean;
    };
    Candidate: {
      keyId: string;
      commitment: string;
      deviceId: string;
      volumeId: string;
      volumeType: number;
      driveLetter: string | null;
      computerName: string;
      domain: string;
      users: string[];
      siteId: string;
      siteName: string;
      escrowedAt: number;
      /** @enum {string} */
      state: 'present' | 'disclosed' | 'rotated' | 'conflicted';
      disclosed: boolean;
      conflicted: boolean;
      onDrive: boolean | null;
      /** @enum {string} */
      claim: 'held' | 'pending';
      deviceRevoked: boolean;
      /** @enum {string} */
      deviceState: 'live' | 'retired' | 'stolen';
      needs: ('site-rule' | 'centre-away' | 'device-stolen' | 'end-user-unknown' | 'asked-for')[];
      hasKeyPackage: boolean;
      opensHere: boolean;
      opensAt: string[];
      fromFork: boolean;
      /** @enum {string|null} */
      importedFrom: 'active-directory' | 'mbam' | 'entra' | 'csv' | null;
      confirmed: boolean;
    };
    SearchRequest: {
      /** @description The first 8 to 32 hex digits of the key ID, as read out. */
      keyId: string;
    };
    DisclosureAnswer: {
      disclosure: {
        origin: string;
        seq: number;
        at: number;
      };
      keyId: string;
      computerName: string;
      domain: string;
      volumeType: number;
      driveLetter: string | null;
      recoveryPassword: string;
      keyPackage: string | null;
      /** @enum {string} */
      rotation: 'ordered';
    };
    ApprovalRequest: {
      requestId: string;
      /** @enum {string} */
      state: 'waiting' | 'approved' | 'denied' | 'expired' | 'used';
      needs: ('site-rule' | 'centre-away' | 'device-stolen' | 'end-user-unknown' | 'asked-for')[];
      askedBy: {
        staffId: string;
        name: string;
      };
      askedAt: number;
      answeredBy: {
        staffId: string;
        name: string;
      } | null;
      expiresAt: number;
      keyId: string;
      computerName: string;
      domain: string;
      siteId: string;
      siteName: string;
      endUser: string | null;
      /** @enum {string} */
      reason:
        | 'os-boot-order-changed'
        | 'bios-changed'
        | 'os-files-modified'
        | 'lost-startup-key'
        | 'lost-pin'
        | 'tpm-reset'
        | 'lost-passphrase'
        | 'lost-smartcard'
        | 'other';
      /** @enum {string} */
      verification: 'call-back' | 'manager' | 'in-person' | 'badge' | 'security-questions' | 'other';
      note: string | null;
    };
    DisclosureRequest: {
      /** @description A GUID, with or without braces and hyphens, in any case. */
      keyId: string;
      commitment?: string | undefined;
      deviceId?: string | undefined;
      /** @enum {string} */
      reason:
        | 'os-boot-order-changed'
        | 'bios-changed'
        | 'os-files-modified'
        | 'lost-startup-key'
        | 'lost-pin'
        | 'tpm-reset'
        | 'lost-passphrase'
        | 'lost-smartcard'
        | 'other';
      /** @enum {string} */
      verification: 'call-back' | 'manager' | 'in-person' | 'badge' | 'security-questions' | 'other';
      /** @description `DOMAIN\user` or UPN; only an advanced helpdesk user may leave it out. */
      endUser?: string | undefined;
      note?: string | undefined;
      /** @description Have a second person approve it, also where no rule asks for that: so a user who is not known on the computer can be helped. */
      secondPerson?: boolean | undefined;
    };
    ApprovalRequests: {
      requests: components['schemas']['ApprovalRequest'][];
    };
    Denial: {
      note?: string | undefined;
    };
    BreakGlass: {
      open: {
        openingId: string;
        siteId: string;
        openedAt: number;
        remainingMs: number;
        disclosures: number;
        disclosuresMax: number;
      } | null;
      asked: {
        openingId: string;
        siteId: string;
        reason: string;
        askedBy: {
          staffId: string;
          name: string;
        };
        askedAt: number;
        expiresAt: number;
      }[];
    };
    BreakGlassRequest: {
      siteId: string;
      reason: string;
    };
    AskedExemption: {
      requestId: string;
      deviceId: string;
      siteId: string;
      siteName: string;
      computerName: string;
      endUser: string;
      reason: string;
      until: number | null;
      askedAt: number;
      askedBy: {
        staffId: string;
        name: string;
      };
      /** @enum {string} */
      state: 'waiting' | 'approved' | 'refused';
      answer: {
        until: number | null;
        note: string | null;
        answeredAt: number;
        answeredBy: {
          staffId: string;
          name: string;
        };
      } | null;
    };
    AskedExemptions: {
      requests: components['schemas']['AskedExemption'][];
    };
    Outbox: {
      notices: {
        reference: string;
        to: string[];
        users: string[];
        keyId: string;
        at: number;
        computerName: string;
        domain: string;
        siteId: string;
        nodeName: string;
        staffName: string;
        reason: string;
      }[];
      next: string | null;
    };
    EnterpriseCompliance: {
      generatedAt: number;
      node: {
        nodeId: string;
        name: string;
        /** @enum {string} */
        role: 'edge' | 'centre';
      };
      offlineSince: number | null;
      holds: {
        /** @enum {string} */
        recovery: 'own' | 'region' | 'all';
        /** @enum {string} */
        compliance: 'own' | 'region' | 'all';
      };
      freshness: {
        nodeId: string;
        nodeName: string;
        siteId: string | null;
        siteName: string | null;
        asOf: number | null;
        entriesBehind: number | null;
        lastContactWithCentre: number | null;
        /** @default null */
        version: string | null;
        /** @default null */
        lastFetch: number | null;
        /** @default null */
        lastDelivery: number | null;
        /** @default 0 */
        forks: number;
        /** @default null */
        condition: {
          at: number;
          clockAheadMs: number | null;
          agreedAt: number | null;
          differing: number;
          aside: number;
          disk: {
            held: number;
            all: number;
            freeBytes: number | null;
          } | null;
        } | null;
      }[];
      managed: number;
      states: {
        state: {
          /** @enum {string} */
          code:
            | 'compliant'
            | 'non-compliant'
            | 'user-exempt'
            | 'temporary-user-exempt'
            | 'policy-not-enforced'
            | 'unknown';
          words: string;
        };
        computers: number;
        /** @description Of the group, adding up to 100; null of none. */
        percent: number | null;
      }[];
      notManaged: {
        revoked: number;
        retired: number;
        replaced: number;
      };
      stolen: number;
      silent: number;
      bySite: {
        siteId: string;
        siteName: string;
        managed: number;
        states: {
          state: {
            /** @enum {string} */
            code:
              | 'compliant'
              | 'non-compliant'
              | 'user-exempt'
              | 'temporary-user-exempt'
              | 'policy-not-enforced'
              | 'unknown';
            words: string;
          };
          computers: number;
          /** @description Of the group, adding up to 100; null of none. */
          percent: number | null;
        }[];
      }[];
      byReason: {
        reason: {
          code: number;
          words: string;
        };
        computers: number;
        percentOfNonCompliant: number | null;
      }[];
      byOsVersion: {
        osVersion: string | null;
        managed: number;
        states: {
          state: {
            /** @enum {string} */
            code:
              | 'compliant'
              | 'non-compliant'
              | 'user-exempt'
              | 'temporary-user-exempt'
              | 'policy-not-enforced'
              | 'unknown';
            words: string;
          };
          computers: number;
          /** @description Of the group, adding up to 100; null of none. */
          percent: number | null;
        }[];
      }[];
    };
    ComplianceTrend: {
      generatedAt: number;
      node: {
        nodeId: string;
        name: string;
        /** @enum {string} */
        role: 'edge' | 'centre';
      };
      offlineSince: number | null;
      holds: {
        /** @enum {string} */
        recovery: 'own' | 'region' | 'all';
        /** @enum {string} */
        compliance: 'own' | 'region' | 'all';
      };
      freshness: {
        nodeId: string;
        nodeName: string;
        siteId: string | null;
        siteName: string | null;
        asOf: number | null;
        entriesBehind: number | null;
        lastContactWithCentre: number | null;
        /** @default null */
        version: string | null;
        /** @default null */
        lastFetch: number | null;
        /** @default null */
        lastDelivery: number | null;
        /** @default 0 */
        forks: number;
        /** @default null */
        condition: {
          at: number;
          clockAheadMs: number | null;
          agreedAt: number | null;
          differing: number;
          aside: number;
          disk: {
            held: number;
            all: number;
            freeBytes: number | null;
          } | null;
        } | null;
      }[];
      days: {
        /** @description In UTC. */
        day: string;
        managed: number;
        states: {
          state: {
            /** @enum {string} */
            code:
              | 'compliant'
              | 'non-compliant'
              | 'user-exempt'
              | 'temporary-user-exempt'
              | 'policy-not-enforced'
              | 'unknown';
            words: string;
          };
          computers: number;
          /** @description Of the group, adding up to 100; null of none. */
          percent: number | null;
        }[];
      }[];
    };
    ComputerCompliance: {
      generatedAt: number;
      node: {
        nodeId: string;
        name: string;
        /** @enum {string} */
        role: 'edge' | 'centre';
      };
      offlineSince: number | null;
      holds: {
        /** @enum {string} */
        recovery: 'own' | 'region' | 'all';
        /** @enum {string} */
        compliance: 'own' | 'region' | 'all';
      };
      freshness: {
        nodeId: string;
        nodeName: string;
        siteId: string | null;
        siteName: string | null;
        asOf: number | null;
        entriesBehind: number | null;
        lastContactWithCentre: number | null;
        /** @default null */
        version: string | null;
        /** @default null */
        lastFetch: number | null;
        /** @default null */
        lastDelivery: number | null;
        /** @default 0 */
        forks: number;
        /** @default null */
        condition: {
          at: number;
          clockAheadMs: number | null;
          agreedAt: number | null;
          differing: number;
          aside: number;
          disk: {
            held: number;
            all: number;
            freeBytes: number | null;
          } | null;
        } | null;
      }[];
      total: number;
      page: number;
      limit: number;
      computers: {
        deviceId: string;
        computerName: string;
        domain: string;
        siteId: string;
        siteName: string;
        standing: {
          /** @enum {string} */
          code: 'managed' | 'retired' | 'revoked' | 'replaced';
          words: string;
        };
        deviceState: {
          /** @enum {string} */
          code: 'live' | 'silent' | 'retired' | 'stolen';
          words: string;
        };
        osVersion: string;
        make: string;
        model: string;
        tpmPresent: boolean | null;
        users: string[];
        policyVersion: number;
        state: {
          code: string;
          words: string;
        };
        reasons: {
          code: number;
          words: string;
        }[];
        error: string | null;
        lastSeen: number;
        reportedAt: number;
        reportedTo: string | null;
        volumes: {
          volumeId: string;
          type: {
            code: number;
            words: string;
          };
          driveLetter: string | null;
          protection: {
            code: number;
            words: string;
          };
          conversion: {
            code: number;
            words: string;
          };
          encryptionPercentage: number | null;
          encryptionMethod: {
            code: number;
            words: string;
          };
          lock: {
            code: number;
            words: string;
          };
          suspended: boolean;
          protectors: {
            type: {
              code: number;
              words: string;
            };
            keyId: string | null;
          }[];
          reasons: {
            code: number;
            words: string;
          }[];
          keys: {
            keyId: string;
            state: {
              /** @enum {string} */
              code: 'present' | 'disclosed' | 'rotated' | 'conflicted';
              words: string;
            };
            escrowedAt: number;
            onDrive: boolean | null;
            conflicted: boolean;
            importedFrom: {
              /** @enum {string} */
              code: 'active-directory' | 'mbam' | 'entra' | 'csv';
              words: string;
            } | null;
            disclosedAt: number[];
          }[];
          olderKeys: number;
        }[];
        otherVolumes: {
          volumeId: string;
          type: {
            code: number;
            words: string;
          };
          keys: {
            keyId: string;
            state: {
              /** @enum {string} */
              code: 'present' | 'disclosed' | 'rotated' | 'conflicted';
              words: string;
            };
            escrowedAt: number;
            onDrive: boolean | null;
            conflicted: boolean;
            importedFrom: {
              /** @enum {string} */
              code: 'active-directory' | 'mbam' | 'entra' | 'csv';
              words: string;
            } | null;
            disclosedAt: number[];
          }[];
          olderKeys: number;
        }[];
      }[];
    };
    KeysAtRisk: {
      generatedAt: number;
      node: {
        nodeId: string;
        name: string;
        /** @enum {string} */
        role: 'edge' | 'centre';
      };
      offlineSince: number | null;
      holds: {
        /** @enum {string} */
        recovery: 'own' | 'region' | 'all';
        /** @enum {string} */
        compliance: 'own' | 'region' | 'all';
      };
      freshness: {
        nodeId: string;
        nodeName: string;
        siteId: string | null;
        siteName: string | null;
        asOf: number | null;
        entriesBehind: number | null;
        lastContactWithCentre: number | null;
        /** @default null */
        version: string | null;
        /** @default null */
        lastFetch: number | null;
        /** @default null */
        lastDelivery: number | null;
        /** @default 0 */
        forks: number;
        /** @default null */
        condition: {
          at: number;
          clockAheadMs: number | null;
          agreedAt: number | null;
          differing: number;
          aside: number;
          disk: {
            held: number;
            all: number;
            freeBytes: number | null;
          } | null;
        } | null;
      }[];
      rows: {
        keyId: string;
        risks: {
          /** @enum {string} */
          code: 'to-be-rotated' | 'conflict' | 'unverified' | 'never-seen-again';
          words: string;
        }[];
        overdue: boolean;
        disclosedAt: number | null;
        deviceId: string;
        volumeId: string;
        volumeType: {
          code: number;
          words: string;
        };
        computerName: string;
        domain: string;
        siteId: string;
        siteName: string;
        onDrive: boolean | null;
        escrowedAt: number;
      }[];
      nextCursor: string | null;
    };
    SignIns: {
      generatedAt: number;
      node: {
        nodeId: string;
        name: string;
        /** @enum {string} */
        role: 'edge' | 'centre';
      };
      offlineSince: number | null;
      holds: {
        /** @enum {string} */
        recovery: 'own' | 'region' | 'all';
        /** @enum {string} */
        compliance: 'own' | 'region' | 'all';
      };
      freshness: {
        nodeId: string;
        nodeName: string;
        siteId: string | null;
        siteName: string | null;
        asOf: number | null;
        entriesBehind: number | null;
        lastContactWithCentre: number | null;
        /** @default null */
        version: string | null;
        /** @default null */
        lastFetch: number | null;
        /** @default null */
        lastDelivery: number | null;
        /** @default 0 */
        forks: number;
        /** @default null */
        condition: {
          at: number;
          clockAheadMs: number | null;
          agreedAt: number | null;
          differing: number;
          aside: number;
          disk: {
            held: number;
            all: number;
            freeBytes: number | null;
          } | null;
        } | null;
      }[];
      rows: {
        origin: string;
        seq: number;
        at: number;
        action: {
          code: string;
          words: string;
        };
        status: {
          code: string;
          words: string;
        };
        failure: {
          code: string;
          words: string;
        } | null;
        method: {
          code: string;
          words: string;
        } | null;
        staffId: string | null;
        staffName: string | null;
        byId: string | null;
        byName: string | null;
        siteId: string | null;
        siteName: string | null;
        nodeId: string;
        nodeName: string;
        address: string | null;
        offlineSince: number | null;
      }[];
      nextCursor: string | null;
    };
    RecoveryAudit: {
      generatedAt: number;
      node: {
        nodeId: string;
        name: string;
        /** @enum {string} */
        role: 'edge' | 'centre';
      };
      offlineSince: number | null;
      holds: {
        /** @enum {string} */
        recovery: 'own' | 'region' | 'all';
        /** @enum {string} */
        compliance: 'own' | 'region' | 'all';
      };
      freshness: {
        nodeId: string;
        nodeName: string;
        siteId: string | null;
        siteName: string | null;
        asOf: number | null;
        entriesBehind: number | null;
        lastContactWithCentre: number | null;
        /** @default null */
        version: string | null;
        /** @default null */
        lastFetch: number | null;
        /** @default null */
        lastDelivery: number | null;
        /** @default 0 */
        forks: number;
        /** @default null */
        condition: {
          at: number;
          clockAheadMs: number | null;
          agreedAt: number | null;
          differing: number;
          aside: number;
          disk: {
            held: number;
            all: number;
            freeBytes: number | null;
          } | null;
        } | null;
      }[];
      rows: {
        origin: string;
        seq: number;
        at: number;
        source: {
          code: string;
          words: string;
        };
        action: {
          code: string;
          words: string;
        };
        status: {
          code: string;
          words: string;
        };
        failure: {
          code: string;
          words: string;
        } | null;
        staffId: string;
        staffName: string;
        staffRole: {
          /** @enum {string} */
          code:
            | 'helpdesk'
            | 'advanced-helpdesk'
            | 'reports'
            | 'auditor'
            | 'administrator'
            | 'break-glass-officer';
          words: string;
        };
        endUser: string | null;
        computerName: string | null;
        domain: string | null;
        deviceId: string | null;
        volumeId: string | null;
        keyId: string | null;
        keyType: {
          code: string;
          words: string;
        } | null;
        commitment: string | null;
        requestId: string | null;
        breakGlassId: string | null;
        otherId: string | null;
        otherName: string | null;
        reason: {
          code: string;
          words: string;
        } | null;
        verification: {
          code: string;
          words: string;
        } | null;
        note: string | null;
        siteId: string | null;
        siteName: string | null;
        nodeId: string;
        nodeName: string;
        address: string | null;
        offlineSince: number | null;
      }[];
      nextCursor: string | null;
    };
    ConfiguredItem: {
      /** @enum {string} */
      kind:
        | 'region'
        | 'site'
        | 'vault'
        | 'staff'
        | 'site-token'
        | 'api-token'
        | 'sign-in'
        | 'edge-token'
        | 'edge-request'
        | 'policy'
        | 'exemption'
        | 'device-state'
        | 'disclosure-rules'
        | 'release';
      id: string;
      revision: number;
      body: {
        [key: string]: unknown;
      };
    };
    Account: {
      staffId: string;
      name: string;
      /** @enum {string} */
      role:
        'helpdesk' | 'advanced-helpdesk' | 'reports' | 'auditor' | 'administrator' | 'break-glass-officer';
      sites: string[] | null;
      revoked: boolean;
      password: boolean;
      totp: boolean;
      passkeys: number;
      recoveryCodes: number;
      mustChange: boolean;
      linkEndsAt: number | null;
      tokens: {
        tokenId: string;
        label: string;
        scope: ('keys' | 'reports' | 'administration')[];
        expiresAt: number;
      }[];
    };
    Session: {
      staffId: string;
      name: string;
      /** @enum {string} */
      role:
        'helpdesk' | 'advanced-helpdesk' | 'reports' | 'auditor' | 'administrator' | 'break-glass-officer';
      sites: string[] | null;
      /** @enum {string} */
      method: 'password+totp' | 'password+recovery-code' | 'passkey' | 'link';
      csrf: string;
      mustChange: boolean;
      warnAt: number;
      idleAt: number;
      endsAt: number;
      isFresh: boolean;
    };
    PasskeyOptions: {
      challenge: string;
    } & {
      [key: string]: unknown;
    };
    EnrolmentOffer: {
      staffId: string;
      name: string;
      expiresAt: number;
      totp: {
        secret: string;
        uri: string;
      };
      passkey: components['schemas']['PasskeyOptions'] | null;
    };
    Passkey: {
      passkeyId: string;
      name: string;
      createdAt: number;
      isUsable: boolean;
      isThis: boolean;
    };
    SessionItem: {
      sessionId: string;
      /** @enum {string} */
      method: 'password+totp' | 'password+recovery-code' | 'passkey' | 'link';
      address: string | null;
      startedAt: number;
      usedAt: number;
      isThis: boolean;
    };
    ImportAnswer: {
      /** @description In the order of the keys. */
      results: {
        /** @enum {string} */
        outcome: 'accepted' | 'already-there' | 'conflict' | 'invalid';
        /** @enum {string|null} */
        fault:
          | 'encoding-unknown'
          | 'too-long'
          | 'malformed'
          | 'key-id-missing'
          | 'key-id-invalid'
          | 'key-ids-differ'
          | 'password-missing'
          | 'not-48-digits'
          | 'not-divisible-by-11'
          | 'group-too-large'
          | 'volume-id-invalid'
          | 'key-package-invalid'
          | 'text-invalid'
          | 'site-missing'
          | 'site-unknown'
          | 'site-elsewhere'
          | 'refused'
          | null;
        group: number | null;
        first: string | null;
      }[];
    };
    ImportRequest: {
      /** @enum {string} */
      source: 'active-directory' | 'mbam' | 'entra' | 'csv';
      /** @description Everything is looked at and nothing is written. */
      dryRun: boolean;
      keys: components['schemas']['ImportKey'][];
    };
    ImportKey: {
      /** @description A GUID, with or without braces and hyphens, in any case. */
      keyId: string;
      recoveryPassword: string;
      siteId: string;
      /** @description A GUID, with or without braces and hyphens, in any case. */
      volumeId?: string | undefined;
      volumeType?: (0 | 1 | 2 | 3) | undefined;
      computerName: string;
      domain: string;
      users?: string[] | undefined;
      createdAt?: number | undefined;
      /** @description The source gave it out before. */
      disclosed?: boolean | undefined;
      /** @description base64, for repair-bde */
      keyPackage?: string | undefined;
    };
    Export: {
      exportId: string;
      recipients: string[];
      /** @enum {string} */
      purpose: 'worst-day' | 'leaving';
      reason: string;
      requestedBy: string;
      confirmedBy: string | null;
      expiresAt: number;
      /** @enum {string} */
      state: 'waiting' | 'confirmed' | 'running' | 'complete' | 'broken-off';
      exported: number;
      notOpened: number;
    };
    ExportRequest: {
      /** @description Public keys of age: `age1...` */
      recipients: string[];
      /** @enum {string} */
      purpose: 'worst-day' | 'leaving';
      /** @description For the audit record of every key. */
      reason: string;
    };
    Vaults: {
      vaults: {
        vaultId: string;
        /** @enum {string} */
        scope: 'region' | 'organisation';
        regionId: string | null;
        publicKey: string;
        newest: boolean;
        retired: boolean;
        compromised: boolean;
        opensHere: boolean;
        keysAlone: number | null;
      }[];
      resealing: {
        running: boolean;
        rows: number;
        rowsSeen: number;
        resealed: {
          [key: string]: number;
        };
        notOpenedHere: number;
        failed: number;
      };
    };
    Edges: {
      edges: {
        nodeId: string;
        name: string;
        siteId: string | null;
        regionId: string | null;
        opens: boolean;
        revoked: components['schemas']['RevokedEdge'];
      }[];
    };
    RevokedEdge: {
      nodeId: string;
      name: string;
      regionId: string;
      siteId: string;
      stolen: boolean;
      opens: boolean;
      reason: string;
      at: number;
    } | null;
    Exposure: {
      keys: {
        keyId: string;
        /** @enum {string} */
        how: 'could-open' | 'given-out';
      }[];
      ordered: number;
    };
    ExposureProgress: {
      ordered: number;
      rotated: number;
    };
    StaffReset: {
      reset: string[];
      kept: string[];
    };
    KeptAside: {
      escrows: {
        origin: string;
        seq: number;
        hash: string;
        at: number;
        keyId: string;
        computerName: string;
        domain: string;
        deviceId: string;
        /** @enum {string} */
        state: 'waiting' | 'released' | 'refused';
      }[];
    };
    JoinAnswer: {
      name: string;
      siteId: string;
      regionId: string;
      helpdesk: boolean;
      organisation: {
        /** @enum {string} */
        kty: 'EC';
        /** @enum {string} */
        crv: 'P-256';
        x: string;
        y: string;
      };
      certificate: string | null;
    };
    Snapshot: {
      id: string;
      frozenAt: number | null;
      entries: number | null;
      bytes: number | null;
      encrypted: boolean | null;
      verification: {
        at: number;
        server: string;
        /** @enum {string} */
        structure: 'verified' | 'not-verified' | 'failed';
        /** @enum {string} */
        opens: 'verified' | 'not-verified' | 'failed';
        vaults: {
          vaultId: string;
          copies: number;
          opened: number;
          /** @enum {string} */
          outcome: 'verified' | 'not-verified' | 'failed';
        }[];
        findings: {
          /** @enum {string} */
          check:
            | 'manifest'
            | 'file'
            | 'decryption'
            | 'integrity'
            | 'foreign-keys'
            | 'schema'
            | 'chain'
            | 'heads'
            | 'cut'
            | 'tables'
            | 'sealed-keys';
          subject: string;
          detail: string;
          /** @default null */
          fault: {
            name: string;
            parts: unknown[];
          } | null;
        }[];
        beyondHeads: number;
        seconds: number;
      } | null;
      fault: string | null;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  'get-healthz': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It does */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @enum {boolean} */
            ok: true;
          };
        };
      };
    };
  };
  'get-readyz': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Ready */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Readiness'];
        };
      };
      /** @description Not yet */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Readiness'];
        };
      };
    };
  };
  'get-metrics': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Counters and gauges */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'text/plain; version=0.0.4; charset=utf-8': string;
        };
      };
    };
  };
  'post-v1-devices': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['EnrolRequest'];
      };
    };
    responses: {
      /** @description Enrolled */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['EnrolAnswer'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'put-v1-recovery-keys-keyId': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description A GUID, with or without braces and hyphens, in any case. */
        keyId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['EscrowRequest'];
      };
    };
    responses: {
      /** @description Held already; a receipt for the first entry */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['EscrowAnswer'];
        };
      };
      /** @description Durable on this node */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['EscrowAnswer'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-compliance-status': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['StatusRequest'];
      };
    };
    responses: {
      /** @description Stored; what the device should do now */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['StatusAnswer'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-recovery-search': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['SearchRequest'];
      };
    };
    responses: {
      /** @description Candidates, newest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SearchAnswer'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-recovery-disclosures': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['DisclosureRequest'];
      };
    };
    responses: {
      /** @description The recovery password */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['DisclosureAnswer'];
        };
      };
      /** @description A second person has to approve: the request that waits for them */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ApprovalRequest'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-recovery-requests': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Requests, the oldest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ApprovalRequests'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-recovery-requests-requestId-approval': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        requestId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description The request */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ApprovalRequest'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-recovery-requests-requestId-denial': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        requestId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['Denial'];
      };
    };
    responses: {
      /** @description The request */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ApprovalRequest'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-recovery-requests-requestId-disclosure': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        requestId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description The recovery password */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['DisclosureAnswer'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-break-glass': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it is now */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['BreakGlass'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-break-glass': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['BreakGlassRequest'];
      };
    };
    responses: {
      /** @description It waits for a second officer */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['BreakGlass'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-break-glass-openingId-confirmation': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        openingId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description It is open */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['BreakGlass'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-break-glass-openingId-end': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        openingId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description It has ended */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['BreakGlass'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-exemptions-requests': {
    parameters: {
      query?:
        | {
            deviceId?: string | undefined;
          }
        | undefined;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Those that wait first, then the newest, up to a bound */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AskedExemptions'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-exemptions-requests': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          deviceId: string;
          endUser: string;
          reason: string;
          until: number | null;
        };
      };
    };
    responses: {
      /** @description It waits for an administrator */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AskedExemption'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-exemptions-requests-requestId-approval': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        requestId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          until: number | null;
          note?: string | undefined;
        };
      };
    };
    responses: {
      /** @description The request with its answer */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AskedExemption'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-exemptions-requests-requestId-refusal': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        requestId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          note?: string | undefined;
        };
      };
    };
    responses: {
      /** @description The request with its answer */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AskedExemption'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-admin-outbox': {
    parameters: {
      query?:
        | {
            after?: string | undefined;
          }
        | undefined;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Disclosures after that place */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Outbox'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-reports-enterprise-compliance': {
    parameters: {
      query?:
        | {
            /** @description Otherwise by `Accept`; JSON if that names neither. */
            format?: ('json' | 'csv') | undefined;
            /** @description Otherwise by `Accept-Language`. In CSV, Spanish has `;`, decimal commas and a byte-order mark. */
            lang?: ('en' | 'es') | undefined;
            /** @description In whose time a CSV and the days of a filter are; UTC without it. */
            timeZone?: string | undefined;
            /** @description A site ID. */
            site?: string | undefined;
            /** @description Exact, or a beginning with `*` after it; any case. */
            domain?: string | undefined;
          }
        | undefined;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Computers and percentages */
      200: {
        headers: {
          /** @description With CSV: JSON of what `freshness` says, the stalest nodes first. */
          'Holdfast-Freshness'?: string | undefined;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['EnterpriseCompliance'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-reports-compliance-trend': {
    parameters: {
      query?:
        | {
            /** @description Otherwise by `Accept`; JSON if that names neither. */
            format?: ('json' | 'csv') | undefined;
            /** @description Otherwise by `Accept-Language`. In CSV, Spanish has `;`, decimal commas and a byte-order mark. */
            lang?: ('en' | 'es') | undefined;
            /** @description In whose time a CSV and the days of a filter are; UTC without it. */
            timeZone?: string | undefined;
            /** @description A site ID. */
            site?: string | undefined;
            /** @description How many days back from today. */
            days?: number | undefined;
          }
        | undefined;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Days, the oldest first */
      200: {
        headers: {
          /** @description With CSV: JSON of what `freshness` says, the stalest nodes first. */
          'Holdfast-Freshness'?: string | undefined;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ComplianceTrend'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-reports-computer-compliance': {
    parameters: {
      query?:
        | {
            /** @description Otherwise by `Accept`; JSON if that names neither. */
            format?: ('json' | 'csv') | undefined;
            /** @description Otherwise by `Accept-Language`. In CSV, Spanish has `;`, decimal commas and a byte-order mark. */
            lang?: ('en' | 'es') | undefined;
            /** @description In whose time a CSV and the days of a filter are; UTC without it. */
            timeZone?: string | undefined;
            /** @description Exact, or a beginning with `*` after it; any case. */
            computer?: string | undefined;
            /** @description Exact, or a beginning with `*` after it; any case. */
            domain?: string | undefined;
            /** @description Exact, or a beginning with `*` after it; any case. */
            deviceId?: string | undefined;
            /** @description `DOMAIN\user`, `user@domain`, or the user part alone; any case. */
            user?: string | undefined;
            /** @description A site ID. */
            site?: string | undefined;
            state?:
              | (
                  | 'compliant'
                  | 'non-compliant'
                  | 'user-exempt'
                  | 'temporary-user-exempt'
                  | 'policy-not-enforced'
                  | 'unknown'
                )
              | undefined;
            /** @description The enterprise report counts the managed ones. */
            standing?: ('managed' | 'retired' | 'revoked' | 'replaced') | undefined;
            /** @description What administrators say of it. `silent`: not heard for as long as the rules say (30 days), by the clocks of the nodes that hear devices. */
            deviceState?: ('live' | 'silent' | 'retired' | 'stolen') | undefined;
            /** @description Those that no node has heard for so many days. */
            silentDays?: number | undefined;
            /** @description CSV is by computer name. */
            sort?: ('name' | 'site' | 'state' | 'os' | 'last-seen') | undefined;
            order?: ('asc' | 'desc') | undefined;
            page?: number | undefined;
            limit?: number | undefined;
          }
        | undefined;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One page of computers */
      200: {
        headers: {
          /** @description With CSV: JSON of what `freshness` says, the stalest nodes first. */
          'Holdfast-Freshness'?: string | undefined;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ComputerCompliance'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-reports-keys-at-risk': {
    parameters: {
      query?:
        | {
            /** @description Otherwise by `Accept`; JSON if that names neither. */
            format?: ('json' | 'csv') | undefined;
            /** @description Otherwise by `Accept-Language`. In CSV, Spanish has `;`, decimal commas and a byte-order mark. */
            lang?: ('en' | 'es') | undefined;
            /** @description In whose time a CSV and the days of a filter are; UTC without it. */
            timeZone?: string | undefined;
            /** @description A site ID. */
            site?: string | undefined;
            risk?: ('to-be-rotated' | 'conflict' | 'unverified' | 'never-seen-again') | undefined;
            /** @description `true`: only those that should have been rotated by now. */
            overdue?: ('true' | 'false') | undefined;
            /** @description About how many rows a page has at least, where there are so many; a page may have fewer. */
            limit?: number | undefined;
            /** @description `nextCursor` of the page before. */
            cursor?: string | undefined;
          }
        | undefined;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One page of keys */
      200: {
        headers: {
          /** @description With CSV: JSON of what `freshness` says, the stalest nodes first. */
          'Holdfast-Freshness'?: string | undefined;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['KeysAtRisk'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-reports-sign-ins': {
    parameters: {
      query?:
        | {
            /** @description Otherwise by `Accept`; JSON if that names neither. */
            format?: ('json' | 'csv') | undefined;
            /** @description Otherwise by `Accept-Language`. In CSV, Spanish has `;`, decimal commas and a byte-order mark. */
            lang?: ('en' | 'es') | undefined;
            /** @description In whose time a CSV and the days of a filter are; UTC without it. */
            timeZone?: string | undefined;
            /** @description A day, as clocks in `timeZone` show it, or an instant with its offset. `from` is inclusive; `to` takes in a whole day and excludes an instant. */
            from?: string | undefined;
            /** @description A day, as clocks in `timeZone` show it, or an instant with its offset. `from` is inclusive; `to` takes in a whole day and excludes an instant. */
            to?: string | undefined;
            /** @description A site ID. */
            site?: string | undefined;
            /** @description Sign-in name or name: exact, or a beginning with `*` after it; any case. */
            person?: string | undefined;
            action?:
              | (
                  | 'sign-in'
                  | 'sign-out'
                  | 'sign-out-elsewhere'
                  | 'throttled'
                  | 'link-made'
                  | 'enrolled'
                  | 'passkey-added'
                  | 'passkey-renamed'
                  | 'passkey-removed'
                  | 'recovery-codes-made'
                  | 'password-changed'
                  | 'change-demanded'
                  | 'reset'
                  | 'revoked'
                )
              | undefined;
            status?: ('Successful' | 'Failed') | undefined;
            failure?:
              | (
                  | 'unknown-account'
                  | 'revoked'
                  | 'no-password'
                  | 'wrong-password'
                  | 'no-second-factor'
                  | 'wrong-code'
                  | 'used-code'
                  | 'wrong-passkey'
                  | 'too-many-attempts'
                )
              | undefined;
            method?: ('password+totp' | 'password+recovery-code' | 'passkey' | 'link') | undefined;
            /** @description Name of the node where it was. */
            node?: string | undefined;
            /** @description Exact, or a beginning with `*` after it; any case. */
            address?: string | undefined;
            limit?: number | undefined;
            /** @description `nextCursor` of the page before. */
            cursor?: string | undefined;
          }
        | undefined;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One page of what happened */
      200: {
        headers: {
          /** @description With CSV: JSON of what `freshness` says, the stalest nodes first. */
          'Holdfast-Freshness'?: string | undefined;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SignIns'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-reports-recovery-audit': {
    parameters: {
      query?:
        | {
            /** @description Otherwise by `Accept`; JSON if that names neither. */
            format?: ('json' | 'csv') | undefined;
            /** @description Otherwise by `Accept-Language`. In CSV, Spanish has `;`, decimal commas and a byte-order mark. */
            lang?: ('en' | 'es') | undefined;
            /** @description In whose time a CSV and the days of a filter are; UTC without it. */
            timeZone?: string | undefined;
            /** @description A day, as clocks in `timeZone` show it, or an instant with its offset. `from` is inclusive; `to` takes in a whole day and excludes an instant. */
            from?: string | undefined;
            /** @description A day, as clocks in `timeZone` show it, or an instant with its offset. `from` is inclusive; `to` takes in a whole day and excludes an instant. */
            to?: string | undefined;
            /** @description A site ID. */
            site?: string | undefined;
            /** @description Exact, or a beginning with `*` after it; any case. */
            computer?: string | undefined;
            /** @description Exact, or a beginning with `*` after it; any case. */
            domain?: string | undefined;
            /** @description Exact, or a beginning with `*` after it; any case. */
            deviceId?: string | undefined;
            /** @description Exact, or a beginning with `*` after it; any case. */
            helpdeskUser?: string | undefined;
            /** @description `DOMAIN\user`, `user@domain`, or the user part alone; any case. */
            endUser?: string | undefined;
            source?: ('Self-Service Portal' | 'Helpdesk' | 'Agent' | 'Export') | undefined;
            action?:
              | (
                  | 'disclosure'
                  | 'search'
                  | 'export'
                  | 'request'
                  | 'approval'
                  | 'denial'
                  | 'expiry'
                  | 'break-glass-request'
                  | 'break-glass-opening'
                  | 'break-glass-end'
                  | 'device-state'
                )
              | undefined;
            status?: ('Successful' | 'Failed') | undefined;
            keyType?: ('Recovery Key Password' | 'Recovery Key ID' | 'TPM Password Hash') | undefined;
            reason?:
              | (
                  | 'os-boot-order-changed'
                  | 'bios-changed'
                  | 'os-files-modified'
                  | 'lost-startup-key'
                  | 'lost-pin'
                  | 'tpm-reset'
                  | 'lost-passphrase'
                  | 'lost-smartcard'
                  | 'other'
                )
              | undefined;
            verification?:
              ('call-back' | 'manager' | 'in-person' | 'badge' | 'security-questions' | 'other') | undefined;
            /** @description Name of the node where it was asked. */
            node?: string | undefined;
            limit?: number | undefined;
            /** @description `nextCursor` of the page before. */
            cursor?: string | undefined;
          }
        | undefined;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One page of the audit */
      200: {
        headers: {
          /** @description With CSV: JSON of what `freshness` says, the stalest nodes first. */
          'Holdfast-Freshness'?: string | undefined;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RecoveryAudit'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-admin-config-kind': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        kind:
          | 'region'
          | 'site'
          | 'vault'
          | 'staff'
          | 'site-token'
          | 'api-token'
          | 'sign-in'
          | 'edge-token'
          | 'edge-request'
          | 'policy'
          | 'exemption'
          | 'device-state'
          | 'disclosure-rules'
          | 'release';
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Current revisions */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['ConfiguredItem'][];
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'put-v1-admin-config-kind-id': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        kind:
          | 'region'
          | 'site'
          | 'vault'
          | 'staff'
          | 'site-token'
          | 'api-token'
          | 'sign-in'
          | 'edge-token'
          | 'edge-request'
          | 'policy'
          | 'exemption'
          | 'device-state'
          | 'disclosure-rules'
          | 'release';
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          revision: number;
          body: {
            [key: string]: unknown;
          };
        };
      };
    };
    responses: {
      /** @description Configured */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ConfiguredItem'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-device-revocations': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          deviceId: string;
          reason: string;
        };
      };
    };
    responses: {
      /** @description Revoked here and, with the next sync, everywhere */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            deviceId: string;
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-admin-digests': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One row per store and origin */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            origins: {
              /** @enum {string} */
              store: 'recovery' | 'compliance';
              origin: string;
              seq: number;
              hash: string;
              tables: {
                [key: string]: string;
              };
            }[];
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-comparison': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Differences; an empty list means agreement */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            differences: {
              peer: string | null;
              wrongHere: boolean;
              store: string;
              origin: string;
              table: string;
              key: string;
              how: string;
            }[];
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-confirmation': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Confirmed */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @enum {boolean} */
            confirmed: true;
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-admin-accounts': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Accounts */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            accounts: components['schemas']['Account'][];
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-accounts-staffId-links': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        staffId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Shown this once */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            staffId: string;
            link: string;
            expiresAt: number;
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-accounts-staffId-reset': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        staffId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Forgotten here, and with the next sync everywhere */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            staffId: string;
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-accounts-staffId-password-change': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        staffId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Demanded */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            staffId: string;
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-session': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The session */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Session'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-session': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json':
          | {
              staffId: string;
              password: string;
              code: string;
            }
          | {
              staffId: string;
              password: string;
              recoveryCode: string;
            };
      };
    };
    responses: {
      /** @description Signed in */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Session'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'delete-v1-session': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Signed out */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-session-passkey-options': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description PublicKeyCredentialRequestOptionsJSON */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['PasskeyOptions'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-session-passkey': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          id: string;
          rawId: string;
          /** @enum {string} */
          type: 'public-key';
          authenticatorAttachment?: string | undefined;
          clientExtensionResults: {
            [key: string]: unknown;
          };
          response: {
            clientDataJSON: string;
            authenticatorData: string;
            signature: string;
            userHandle?: string | undefined;
          };
        };
      };
    };
    responses: {
      /** @description Signed in */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Session'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-enrolment-options': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          link: string;
        };
      };
    };
    responses: {
      /** @description What can be enrolled */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['EnrolmentOffer'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-enrolment': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          link: string;
          password?: string | undefined;
          code?: string | undefined;
          passkey?:
            | {
                id: string;
                rawId: string;
                /** @enum {string} */
                type: 'public-key';
                authenticatorAttachment?: string | undefined;
                clientExtensionResults: {
                  [key: string]: unknown;
                };
                response: {
                  clientDataJSON: string;
                  attestationObject: string;
                  authenticatorData?: string | undefined;
                  transports?: string[] | undefined;
                  publicKeyAlgorithm?: number | undefined;
                  publicKey?: string | undefined;
                };
              }
            | undefined;
          passkeyName?: string | undefined;
        };
      };
    };
    responses: {
      /** @description Enrolled; recovery codes are shown this once */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            staffId: string;
            recoveryCodes: string[];
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'put-v1-session-password': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          password: string;
          code: string;
        };
      };
    };
    responses: {
      /** @description Changed */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-session-passkeys': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The oldest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            passkeys: components['schemas']['Passkey'][];
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-session-passkeys': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          name: string;
          passkey: {
            id: string;
            rawId: string;
            /** @enum {string} */
            type: 'public-key';
            authenticatorAttachment?: string | undefined;
            clientExtensionResults: {
              [key: string]: unknown;
            };
            response: {
              clientDataJSON: string;
              attestationObject: string;
              authenticatorData?: string | undefined;
              transports?: string[] | undefined;
              publicKeyAlgorithm?: number | undefined;
              publicKey?: string | undefined;
            };
          };
        };
      };
    };
    responses: {
      /** @description Added */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            passkeyId: string;
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-session-passkeys-options': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description PublicKeyCredentialCreationOptionsJSON */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['PasskeyOptions'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'put-v1-session-passkeys-passkeyId': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        passkeyId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          name: string;
        };
      };
    };
    responses: {
      /** @description Renamed */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'delete-v1-session-passkeys-passkeyId': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        passkeyId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Removed */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-session-recovery-codes': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Shown this once */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            recoveryCodes: string[];
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The one used last first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            sessions: components['schemas']['SessionItem'][];
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'delete-v1-sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Ended */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-imports': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ImportRequest'];
      };
    };
    responses: {
      /** @description What became of each key */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ImportAnswer'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-exports': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ExportRequest'];
      };
    };
    responses: {
      /** @description Waits for the second officer */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Export'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-admin-exports-exportId': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        exportId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The export */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Export'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-exports-exportId-confirmation': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        exportId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Confirmed: both officers may fetch it */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Export'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-exports-exportId-file': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        exportId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description The encrypted file */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/octet-stream': string;
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-admin-vaults': {
    parameters: {
      query?:
        | {
            /** @description `no`: without counting what only old vaults open, which looks at every key. */
            count?: ('yes' | 'no') | undefined;
          }
        | undefined;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Vaults, the newest of each region first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Vaults'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-admin-edges': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description By name */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Edges'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-edges-nodeId-revocation': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        nodeId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          reason: string;
          /** @description Whatever the box could open counts as known to others. */
          stolen: boolean;
          until: number | null;
        };
      };
    };
    responses: {
      /** @description Revoked here and, with the next sync, everywhere */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RevokedEdge'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-admin-edges-nodeId-exposure': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        nodeId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As far as devices have reported */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ExposureProgress'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-edges-nodeId-exposure': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        nodeId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description The keys, by ID */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Exposure'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-edges-nodeId-staff-reset': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        nodeId: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Whose were taken, and whose were not */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['StaffReset'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-admin-edges-nodeId-quarantine': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        nodeId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description At most a thousand */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['KeptAside'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-edges-releases': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          origin: string;
          seq: number;
          hash: string;
        };
      };
    };
    responses: {
      /** @description It counts as escrowed */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            keyId: string;
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-edges-refusals': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          origin: string;
          seq: number;
          hash: string;
        };
      };
    };
    responses: {
      /** @description It is left aside */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            keyId: string;
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-edges-requests': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          token: string;
          key: {
            /** @enum {string} */
            kty: 'EC';
            /** @enum {string} */
            crv: 'P-256';
            x: string;
            y: string;
          };
          sealingKey: string;
        };
      };
    };
    responses: {
      /** @description What was asked for, and the certificate if there is one */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['JoinAnswer'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-openapi.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OpenAPI 3.1 */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            openapi: string;
            info: {
              title: string;
              version: string;
            } & {
              [key: string]: unknown;
            };
          } & {
            [key: string]: unknown;
          };
        };
      };
    };
  };
  'get-v1-admin-writers': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One per store and server */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            writers: {
              /** @enum {number} */
              format: 1;
              name: string;
              instance: string;
              /** @enum {string} */
              store: 'recovery' | 'compliance';
              server: string;
              url: string;
              dependsOn: {
                engine: string;
                facility: string;
              };
              restoreMethod: string;
              registeredAt: number;
              /** @enum {string} */
              state:
                | 'STABLE'
                | 'WAITING_FOR_FREEZE'
                | 'WAITING_FOR_THAW'
                | 'WAITING_FOR_POST_SNAPSHOT'
                | 'WAITING_FOR_BACKUP_COMPLETE'
                | 'FAILED_AT_IDENTIFY'
                | 'FAILED_AT_PREPARE_BACKUP'
                | 'FAILED_AT_PREPARE_SNAPSHOT'
                | 'FAILED_AT_FREEZE'
                | 'FAILED_AT_THAW'
                | 'FAILED_AT_POST_SNAPSHOT'
                | 'FAILED_AT_BACKUP_COMPLETE';
              stateSince: number;
              lastError: {
                at: number;
                /** @enum {string} */
                state:
                  | 'STABLE'
                  | 'WAITING_FOR_FREEZE'
                  | 'WAITING_FOR_THAW'
                  | 'WAITING_FOR_POST_SNAPSHOT'
                  | 'WAITING_FOR_BACKUP_COMPLETE'
                  | 'FAILED_AT_IDENTIFY'
                  | 'FAILED_AT_PREPARE_BACKUP'
                  | 'FAILED_AT_PREPARE_SNAPSHOT'
                  | 'FAILED_AT_FREEZE'
                  | 'FAILED_AT_THAW'
                  | 'FAILED_AT_POST_SNAPSHOT'
                  | 'FAILED_AT_BACKUP_COMPLETE';
                message: string;
                /** @default null */
                fault: {
                  name: string;
                  parts: unknown[];
                } | null;
              } | null;
              lastSnapshot: {
                id: string;
                at: number;
              } | null;
            }[];
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'get-v1-admin-snapshots': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Oldest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            everyMs: number | null;
            underWay: {
              since: number;
              step: string;
              done: number;
              all: number;
            } | null;
            last: {
              at: number;
              ok: boolean;
              id: string | null;
              message: string | null;
              /** @default null */
              fault: {
                name: string;
                parts: unknown[];
              } | null;
            } | null;
            snapshots: components['schemas']['Snapshot'][];
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  'post-v1-admin-snapshots': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Begun */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @enum {boolean} */
            begun: true;
          };
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
}
