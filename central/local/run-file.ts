/**
 * `run.json`: what a running local installation is, for scripts and for the command line. Written when it is ready,
 * kept current while it runs, removed at a clean stop; what a killed one leaves behind answers at no address.
 */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { publicJwk } from '../../shared/trust/certificate.ts';
import { localPerson } from './people.ts';
import { writePrivate } from './secrets.ts';

/** `stopped` by command; `ended` by itself; `restarting` after it ended. */
const nodeState = z.enum(['running', 'stopped', 'ended', 'restarting']);
export type NodeState = z.infer<typeof nodeState>;

const node = z.object({
  name: z.string(),
  url: z.string(),
  state: nodeState,
  pid: z.number().int().nullable(),
  logFile: z.string(),
});

export const runFile = z.object({
  version: z.literal(1),
  dataFolder: z.string(),
  startedAt: z.number().int(),
  /** of `npm start` itself */
  pid: z.number().int(),
  /** where `holdfast centre stop|start` is asked for */
  control: z.object({ url: z.string(), token: z.string() }),
  centre: node,
  edges: z.array(node.extend({ siteId: z.string(), regionId: z.string(), helpdesk: z.boolean() })),
  sites: z.array(
    z.object({
      siteId: z.string(),
      name: z.string(),
      regionId: z.string(),
      siteToken: z.string(),
      /** in the order in which the site's devices try them */
      nodes: z.array(z.string()),
    }),
  ),
  tokens: z.object({
    administrator: z.string(),
    helpdesk: z.string(),
    advancedHelpdesk: z.string(),
    reports: z.string(),
    auditor: z.string(),
  }),
  /** who can sign in, and how; the code by `holdfast staff code` */
  people: z.array(localPerson),
  organisation: z.object({ thumbprint: z.string(), key: publicJwk }),
  fleet: z.object({ devices: z.number().int() }),
  /** the commands to try, as they were printed */
  commands: z.array(z.string()),
});
export type RunFile = z.infer<typeof runFile>;
export type LocalRole = keyof RunFile['tokens'];

export function runFilePath(dataFolder: string): string {
  return path.join(dataFolder, 'run.json');
}

/** Null when there is none, or none that this version understands. */
export async function readRunFile(dataFolder: string): Promise<RunFile | null> {
  try {
    return runFile.parse(JSON.parse(await readFile(runFilePath(dataFolder), 'utf8')));
  } catch {
    return null;
  }
}

export function writeRunFile(content: RunFile): Promise<void> {
  return writePrivate(runFilePath(content.dataFolder), content);
}

export function removeRunFile(dataFolder: string): Promise<void> {
  return rm(runFilePath(dataFolder), { force: true });
}
