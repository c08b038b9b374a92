/** `holdfast snapshot` and `holdfast writers`: on the files of the centre, where it runs, whether it runs or not. */
import path from 'node:path';
import type { Command } from 'commander';
import { STORES, type Store } from '../../../shared/journal/entry.ts';
import { backupFault, readBackup } from '../../snapshot/backup.ts';
import { createSnapshot } from '../../snapshot/create.ts';
import { drill } from '../../snapshot/drill.ts';
import { pruneSnapshots } from '../../snapshot/prune.ts';
import { repositoryFor } from '../../snapshot/repository.ts';
import { restoreSet } from '../../snapshot/restore.ts';
import { restoreToServers } from '../../snapshot/restore-servers.ts';
import { edgeDatabasePath, makeSeed } from '../../snapshot/seed.ts';
import { verifySet } from '../../snapshot/verify.ts';
import type { Verification } from '../../snapshot/verification.ts';
import { WriterRegister } from '../../snapshot/writers.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { EXIT_OK, EXIT_REFUSED, usage } from '../errors.ts';
import { hookCommands } from './hook.ts';
import { type RunCommand, choice } from '../program.ts';
import {
  type KeyOptions,
  type PointOptions,
  certificateIn,
  chooseSet,
  settingsFor,
  translated,
  verifyOptionsFor,
} from '../snapshot-context.ts';
import { exitCodeOf, progressOf, rowOf, sentenceOf, verificationLines } from '../snapshot-text.ts';
import { record, table } from '../table.ts';

interface CreateFlags {
  readonly plain?: true;
  readonly recipient?: string[];
}

export function snapshotCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.snapshot;
  const group = program.command('snapshot').description(help.group);
  const keys = (command: Command): Command =>
    command.option('--age-identity <file>', help.ageIdentity).option('--vault <file...>', help.vault);
  const point = (command: Command): Command =>
    keys(command.argument('[which]', help.which))
      .option('--at <time>', help.at)
      .option('--cut <file>', help.cut);
  group
    .command('create')
    .description(help.create)
    .option('--plain', help.plain)
    .option('--recipient <age1...>', help.recipient)
    .action((flags: CreateFlags) => run(translated((context) => create(context, flags))));
  group
    .command('list')
    .description(help.list)
    .action(() => run(translated(list)));
  group
    .command('show')
    .description(help.show)
    .argument('[which]', help.which)
    .action((which?: string) => run(translated((context) => show(context, which))));
  keys(group.command('verify').description(help.verify).argument('[which]', help.which))
    .option('--all', help.all)
    .option('--require-opens', help.requireOpens)
    .action((which: string | undefined, flags: VerifyFlags) =>
      run(translated((context) => verify(context, which, flags))),
    );
  point(group.command('restore').description(help.restore))
    .addOption(choice('--store <store>', help.store, STORES))
    .option('--to <folder>', help.to)
    .option('--force', help.force)
    .action((which: string | undefined, flags: RestoreFlags) =>
      run(translated((context) => restore(context, which, flags))),
    );
  group
    .command('prune')
    .description(help.prune)
    .option('--dry-run', help.dryRun)
    .action((flags: { dryRun?: true }) =>
      run(translated((context) => prune(context, flags.dryRun === true))),
    );
  point(group.command('drill').description(help.drill)).action(
    (which: string | undefined, flags: KeyOptions & PointOptions) =>
      run(translated((context) => runDrill(context, which, flags))),
  );
  point(group.command('seed').description(help.seed))
    .option('--edge <name>', help.edge)
    .option('--certificate <file>', help.certificate)
    .requiredOption('--out <folder>', help.out)
    .action((which: string | undefined, flags: SeedFlags) =>
      run(translated((context) => seed(context, which, flags))),
    );
  hookCommands(group, run, words);
  const writers = program.command('writers').description(help.writers);
  writers
    .command('list')
    .description(help.writersList)
    .action(() => run(translated(listWriters)));
}

async function create(context: Context, { plain, recipient }: CreateFlags): Promise<number> {
  const settings = await settingsFor(context);
  const recipients = recipient?.flatMap((each) => each.split(','));
  const encryption = plain === true ? 'plain' : recipients ? { recipients } : settings.encryption;
  const { id, manifest, verification } = await createSnapshot({
    settings: { ...settings, encryption },
    onProgress: progressOf(context),
  });
  const { snapshot } = context.words;
  context.answer(
    {
      id,
      folder: repositoryFor(settings).pathOf(id),
      manifest,
      verification,
    },
    [snapshot.made(id, manifest.frozenMs), ...verificationLines(context, verification)].join('\n'),
  );
  return exitCodeOf([verification], false);
}

async function list(context: Context): Promise<number> {
  const settings = await settingsFor(context);
  const repository = repositoryFor(settings);
  const sets = await repository.list();
  const last = await repository.last();
  const { snapshot } = context.words;
  const text =
    sets.length === 0
      ? snapshot.noneYet
      : table(
          snapshot.columns,
          sets.map((set) => rowOf(context, set)),
          110,
        );
  const backup = await readBackup(settings.folder);
  const fault = backupFault(backup, settings.backupEveryMs, 0, Date.now());
  const failures = [
    ...(last !== null && !last.ok ? [sentenceOf(context.words, last.fault, last.message ?? '')] : []),
    ...(fault === null ? [] : [snapshot.hook.fault[fault]]),
  ];
  context.answer({ folder: settings.folder, snapshots: sets, last, backup }, [text, ...failures].join('\n'));
  // A failing backup is loud wherever somebody looks.
  return failures.length > 0 ? EXIT_REFUSED : EXIT_OK;
}

async function show(context: Context, which: string | undefined): Promise<number> {
  const settings = await settingsFor(context);
  const repository = repositoryFor(settings);
  const { id, manifest } = await chooseSet(context, settings, which, {});
  const results = await repository.results(id);
  context.answer(
    { id, manifest, cut: manifest.cut, verifications: results },
    [
      record([
        ['ID', id],
        ['', `${manifest.node.name} (${manifest.node.nodeId}), Holdfast ${manifest.program}`],
        ['', new Date(manifest.times.frozen).toISOString()],
        ...manifest.files.map(({ name, bytes, sha256 }): [string, string] => [
          name,
          `${String(bytes)} ${sha256}`,
        ]),
      ]),
      ...results.flatMap((result) => ['', ...verificationLines(context, result)]),
    ].join('\n'),
  );
  return EXIT_OK;
}

interface VerifyFlags extends KeyOptions {
  readonly all?: true;
  readonly requireOpens?: true;
}

async function verify(context: Context, which: string | undefined, flags: VerifyFlags): Promise<number> {
  const settings = await settingsFor(context);
  const repository = repositoryFor(settings);
  const ids = flags.all === true ? (await repository.list()).map(({ id }) => id) : [];
  const folders =
    flags.all === true
      ? ids.map((id) => repository.pathOf(id))
      : [(await chooseSet(context, settings, which, {}, true)).folder];
  const options = await verifyOptionsFor(context, settings, flags, progressOf(context));
  const verified: { folder: string; verification: Verification }[] = [];
  for (const folder of folders) {
    const verification = await verifySet(folder, options);
    const id = ids[verified.length] ?? repository.idOf(folder);
    if (id !== null) await repository.record(id, verification);
    verified.push({ folder, verification });
  }
  context.answer(
    { snapshots: verified },
    verified
      .map(({ folder, verification }) => [folder, ...verificationLines(context, verification)].join('\n'))
      .join('\n\n'),
  );
  return exitCodeOf(
    verified.map(({ verification }) => verification),
    flags.requireOpens === true,
  );
}

interface RestoreFlags extends KeyOptions, PointOptions {
  readonly store?: (typeof STORES)[number];
  readonly to?: string;
  readonly force?: true;
}

async function restore(context: Context, which: string | undefined, flags: RestoreFlags): Promise<number> {
  const settings = await settingsFor(context);
  const { folder } = await chooseSet(context, settings, which, flags);
  const { snapshot } = context.words;
  const request = {
    ...(await verifyOptionsFor(context, settings, flags, progressOf(context))),
    ...{ folder, force: flags.force === true, stores: flags.store ? [flags.store] : STORES },
  };
  const { servers } = settings;
  const restored = await (flags.to === undefined && servers
    ? restoreToServers({ ...request, servers, asideFolder: path.join(settings.folder, 'before-restore') })
    : restoreSet({ ...request, files: flags.to === undefined ? settings.files : filesIn(flags.to) }));
  context.answer(
    { id: restored.id, stores: restored.stores },
    [
      ...restored.stores.flatMap(({ store, place, aside }) => [
        snapshot.restored(store, place),
        ...(aside === null ? [] : [snapshot.aside(aside)]),
      ]),
      snapshot.startNow,
    ].join('\n'),
  );
  return EXIT_OK;
}

function filesIn(folder: string): Record<Store, string> {
  const fileOf = (store: Store): string => path.join(path.resolve(folder), `${store}.db`);
  return { recovery: fileOf('recovery'), compliance: fileOf('compliance') };
}

async function prune(context: Context, dry: boolean): Promise<number> {
  const settings = await settingsFor(context);
  const { kept, dropped } = await pruneSnapshots(settings, settings.retention, dry);
  const { snapshot } = context.words;
  const said = dry ? snapshot.wouldDrop(dropped.length) : snapshot.dropped(dropped.length);
  context.answer({ kept, dropped, dryRun: dry }, [...dropped, said].join('\n'));
  return EXIT_OK;
}

async function runDrill(
  context: Context,
  which: string | undefined,
  flags: KeyOptions & PointOptions,
): Promise<number> {
  const settings = await settingsFor(context);
  const { folder } = await chooseSet(context, settings, which, flags);
  const options = await verifyOptionsFor(context, settings, flags, progressOf(context));
  const result = await drill({ ...options, folder, identity: settings.identity });
  const { snapshot } = context.words;
  const said = result.passed ? snapshot.drillPassed(result.entries) : snapshot.drillFailed;
  context.answer(result, [said, ...result.differences].join('\n'));
  return result.passed ? EXIT_OK : EXIT_REFUSED;
}

interface SeedFlags extends KeyOptions, PointOptions {
  readonly edge?: string;
  readonly certificate?: string;
  readonly out: string;
}

async function seed(context: Context, which: string | undefined, flags: SeedFlags): Promise<number> {
  const settings = await settingsFor(context);
  const { snapshot } = context.words;
  const edge =
    flags.certificate !== undefined
      ? { certificate: await certificateIn(context, flags.certificate) }
      : flags.edge !== undefined
        ? { name: flags.edge }
        : null;
  if (!edge) throw usage(snapshot.seedOfWhom);
  const { folder } = await chooseSet(context, settings, which, flags);
  const options = await verifyOptionsFor(context, settings, flags, progressOf(context));
  const made = await makeSeed({ ...options, folder, out: flags.out, identity: settings.identity, edge });
  const target = edgeDatabasePath();
  context.answer(
    { folder: flags.out, file: made.file, target, manifest: made.manifest },
    `${snapshot.seeded(flags.out, made.edge.name)}\n${snapshot.placeSeed(target)}`,
  );
  return EXIT_OK;
}

async function listWriters(context: Context): Promise<number> {
  const settings = await settingsFor(context);
  const writers = await new WriterRegister(settings.writersFolder).list();
  const { snapshot } = context.words;
  const rows = writers.map(({ name, instance, server, state, lastError }) => [
    name,
    instance,
    server,
    state,
    lastError ? sentenceOf(context.words, lastError.fault, lastError.message) : '',
  ]);
  context.answer(
    { folder: settings.writersFolder, writers },
    rows.length === 0 ? snapshot.noWriters : table(snapshot.writerColumns, rows, 140),
  );
  return EXIT_OK;
}
