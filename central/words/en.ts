/** English. Sentences with parts are functions, so that each language puts the parts where they belong. */
import { cli } from './en-cli.ts';
import { faults } from './en-faults.ts';
import { importing } from './en-import.ts';
import { installing } from './en-install.ts';
import { releasing } from './en-release.ts';
import { staffing } from './en-staff.ts';
import { snapshot } from './en-snapshot.ts';
import { disclosure } from './en-disclosure.ts';
import { tls } from './en-tls.ts';
import { trust } from './en-trust.ts';

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOENT: 'it does not exist',
  ENOTDIR: 'part of the path is not a folder',
  EEXIST: 'it is not a folder',
  EISDIR: 'a folder is in the way',
  EADDRINUSE: 'another program uses it',
  EADDRNOTAVAIL: 'this machine does not have that address',
};

const s = (count: number): string => (count === 1 ? '' : 's');

export const en = {
  language: 'en',
  number: (value: number): string => value.toLocaleString('en-GB'),
  /** the system's own code, in words */
  systemError: (code: string): string => SYSTEM_ERRORS[code] ?? code,
  start: {
    startingCentre: 'Starting the centre',
    centreStarted: 'The centre is running',
    startingEdges: (count: number): string => `Starting ${String(count)} edges`,
    edgesStarted: (count: number): string => `${String(count)} edges are running`,
    configuring: 'Configuring regions, sites, vaults and staff',
    configured: 'Every edge knows its vaults and staff',
    enrolling: 'Enrolling the fleet',
    enrolled: (count: number): string =>
      count === 0 ? 'Every device is enrolled already' : `${String(count)} device${s(count)} enrolled now`,
    encrypting: 'Escrowing keys, then encrypting',
    escrowed: (count: number): string =>
      count === 0
        ? 'Every key is escrowed already'
        : `${String(count)} key${s(count)} escrowed now, each with a receipt`,
    reporting: 'Reporting compliance',
    reported: (count: number): string => `${String(count)} device${s(count)} reported`,
    interrupted: 'Interrupted',

    ready: 'Holdfast is ready.',
    helpdeskEdge: (region: string): string => `helpdesk edge, region ${region}`,
    escrowOnlyEdge: (region: string): string => `escrow-only edge, region ${region}`,
    fleet: 'fleet',
    fleetOf: (devices: number, number: (value: number) => string): string =>
      `${number(devices)} devices at work, an hour a minute`,
    codes: 'its code',
    staffToken: 'staff token',
    everything: 'all of this',
    tryThese: 'Three commands to try in another terminal:',
    tries: [
      'Retrieve a key at an edge:',
      'Stop the centre, and retrieve a key again:',
      'Start the centre, and watch everything converge:',
    ],
    triesWithoutFleet: [
      'See how every node is:',
      'Stop the centre, and see how they are without it:',
      'Start the centre, and watch everything converge:',
    ],
    howToStop: 'Ctrl-C stops everything. Started again, it goes on with the same data.',
    stopping: 'Stopping the fleet, the edges and the centre ...',
    stopped: 'Everything has stopped.',

    centreStopped: 'The centre was stopped by command. The edges go on without it.',
    centreStartedAgain: 'The centre was started by command.',
    centreEnded: (how: string, log: string): string =>
      `The centre has ended (${how}); see ${log}. The edges go on without it. To start it: npx holdfast centre start`,
    edgeEnded: (name: string, how: string, seconds: number): string =>
      `${name} has ended (${how}); starting it again in ${String(seconds)} s.`,
    edgeRunsAgain: (name: string): string => `${name} is running again.`,
    fleetEnded: (why: string): string => `The fleet has stopped because of a bug in it: ${why}`,

    notANumber: (name: string, text: string, min: number, max: number): string =>
      `${name} is "${text}", but must be a whole number from ${String(min)} to ${String(max)}.`,
    folderUnwritable: (folder: string, why: string): string =>
      `HOLDFAST_DATA (${folder}) is not a folder that can be written: ${why}.`,
    folderInUse: (folder: string, pid: number | null, url: string | null): string =>
      `HOLDFAST_DATA (${folder}) is in use by another Holdfast${pid === null ? '' : ` (process ${String(pid)}, ${url ?? ''})`}: stop that one, or name another folder.`,
    folderBroken: (folder: string, file: string): string =>
      `HOLDFAST_DATA (${folder}) is damaged: ${file} cannot be read. Restore it from a copy, or move the folder away to begin anew.`,
    folderOfSomethingElse: (folder: string, file: string): string =>
      `HOLDFAST_DATA (${folder}) already holds something else (${file}): name an empty or new folder.`,
    secretsBroken: (folder: string): string =>
      `HOLDFAST_DATA (${folder}) is damaged: its secrets.json is not whole, and without it no key here can be opened. Restore it from a copy, or move the folder away to begin anew.`,
    secretsMissing: (folder: string): string =>
      `HOLDFAST_DATA (${folder}) holds databases but no secrets.json, without which no key here can be opened. Restore it from a copy, or move the folder away to begin anew.`,
    nodeDidNotStart: (sentence: string, folder: string): string =>
      `${sentence.replace(/[.\s]+$/, '')}. (HOLDFAST_DATA is ${folder}; its logs folder may tell more.)`,
    portTaken: (port: number, first: number, edges: number, why: string): string =>
      `Port ${String(port)} cannot be used: ${why}. HOLDFAST_PORT (now ${String(first)}) chooses the centre's port; the ${String(edges)} edges take the next ones.`,
    fleetOfAnotherSize: (wanted: number, found: number, folder: string): string =>
      `HOLDFAST_FLEET is ${String(wanted)}, but the fleet in HOLDFAST_DATA (${folder}) has ${String(found)} devices: leave it out, or name another folder.`,
    volumesUnreadable: (folder: string, noted: boolean): string =>
      noted
        ? `This fleet has the BitLocker volumes of ${folder}, whose keys.json cannot be read: name its new place by HOLDFAST_BITLK_DIR.`
        : `HOLDFAST_BITLK_DIR (${folder}) has no keys.json that can be read.`,
  },
  cli,
  faults,
  installing,
  releasing,
  snapshot,
  staffing,
  disclosure,
  tls,
  trust,
  import: importing,
};
