/** Facts of the recovery store about exemptions that somebody asked for: see `journal/exemption-bodies.ts`. */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { factColumns } from './journal.ts';

export const exemptionRequests = sqliteTable(
  'exemption_requests',
  {
    ...factColumns,
    requestId: text('request_id').notNull(),
    deviceId: text('device_id').notNull(),
    siteId: text('site_id').notNull(),
    computerName: text('computer_name').notNull(),
    endUser: text('end_user').notNull(),
    reason: text().notNull(),
    until: integer(),
    at: integer().notNull(),
    staffId: text('staff_id').notNull(),
    staffName: text('staff_name').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.requestId, t.origin] }),
    index('exemption_requests_origin').on(t.origin, t.seq),
    index('exemption_requests_device').on(t.deviceId),
  ],
);

export const exemptionAnswers = sqliteTable(
  'exemption_answers',
  {
    ...factColumns,
    requestId: text('request_id').notNull(),
    approved: integer().notNull(),
    until: integer(),
    note: text(),
    at: integer().notNull(),
    staffId: text('staff_id').notNull(),
    staffName: text('staff_name').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.requestId, t.origin] }),
    index('exemption_answers_origin').on(t.origin, t.seq),
  ],
);
