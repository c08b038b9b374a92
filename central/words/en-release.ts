/** The command line's words about releases and upgrades, in English. */
export const releasing = {
  help: {
    release: 'make a release, sign it with the organisation key, check one',
    make: 'build the archives of this version and the manifest that is to be signed',
    sign: 'sign a manifest (a folder, or release.json alone) with the organisation key: no network is needed',
    verify: 'check signature and files of a release',
    folder: 'the folder of the release',
    manifest: 'the folder of the release, or its release.json',
    out: 'the folder to make',
    only: 'only this part of it',
    orgKey: 'organisation key made by "holdfast org init"',
    identity: 'identity.json of a node of this organisation; without it that of this machine',
    upgrade: 'upgrade the centre on this machine, which goes back by itself when it does not become ready',
    dryRun: 'check everything and change nothing',
    within: 'seconds that it may take to become ready',
    downgrade: 'allow an older version',
    stage: 'have edges upgrade to a release by themselves, at the machine of the centre',
    region: 'the edges of this region',
    edge: 'this edge alone, by its name',
    all: 'all edges',
    notBefore: 'not before this time, such as 2026-12-01T02:00Z',
    withdraw: 'want nothing of them any more; what runs stays',
    recover: 'take back what an interrupted installation or upgrade left',
  },
  made: (version: string, folder: string): string => `Release ${version} is in ${folder}.`,
  signNext: (file: string): string =>
    `Sign it where the organisation key is: holdfast release sign ${file} --org-key FILE`,
  signed: (version: string, file: string): string => `${version} is signed: ${file}`,
  putBeside: 'Put it beside the archives.',
  verified: (version: string): string =>
    `${version} is signed by this organisation, and its files are whole.`,
  part: { edge: 'edge', centre: 'centre' },
  none: '–',
  protocols: 'protocols',
  fault: {
    'no-manifest': (what: string): string => `${what} is no manifest of a release.`,
    'not-signed': (): string => 'The release is not signed by this organisation, or was changed since.',
    'no-part': (what: string): string => `The release has nothing for the ${what}.`,
    'file-missing': (what: string): string => `${what} is missing.`,
    'file-differs': (what: string): string => `${what} is not the file that was signed.`,
    older: (what: string): string =>
      `It is older than ${what}, which runs here: --downgrade if that is meant.`,
    'other-tables': (what: string): string =>
      `The ${what} database was not made by a version before this release.`,
    'no-way-back': (what: string): string =>
      `There is no way back from this release: ${what} changes the tables. See its notes.`,
    'not-installed': (): string => 'No centre is installed on this machine.',
    'other-program': (what: string): string =>
      `Another version runs on this machine: use its own ${what}/scripts/holdfast.sh.`,
    'no-organisation': (): string => 'Whose release? Give an identity of a node: --identity FILE.',
    'trial-failed': (what: string): string => `It does not run on this machine: ${what}`,
    'not-made': (what: string): string => `${what} is missing: npm run build.`,
    disk: (what: string): string => `It could not be put in place: ${what}.`,
  } satisfies Record<string, (what: string) => string>,
  already: (version: string): string => `This machine runs ${version} already.`,
  dry: (from: string, to: string): string =>
    `${to} is signed, whole and would replace ${from}; nothing was changed.`,
  upgraded: (from: string, to: string): string => `The centre runs ${to}, and is ready. Before it: ${from}.`,
  notReady: (seconds: number): string => `it did not become ready within ${String(seconds)} s`,
  wentBack: (from: string, to: string, why: string): string =>
    `${to} was not kept, and ${from} runs again: ${why}.`,
  /** the old version does not answer either */
  backSilent: (from: string, to: string, why: string): string =>
    `${to} was not kept (${why}), and ${from} does not answer yet.`,
  steps: {
    check: 'checking the release',
    unpack: 'unpacking it',
    trial: 'trying it beside the one that runs',
    swap: 'putting it in place',
    ready: 'waiting until it is ready',
  },
  oneTarget: 'Say for whom: one of --region, --edge and --all.',
  notATime: (text: string): string => `"${text}" is not a time.`,
  staged: (version: string, target: string, count: number): string =>
    `${target}: ${version} is wanted. ${String(count)} ${count === 1 ? 'edge asks' : 'edges ask'} for it within half an hour; "holdfast status" shows them.`,
  withdrawn: (target: string): string => `${target}: nothing is wanted any more.`,
  whereTheCentreRuns: 'Stage a release at the machine of the centre, which hands it to the edges.',
};
