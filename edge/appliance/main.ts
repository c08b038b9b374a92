/**
 * `npm run appliance [-- FOLDER]`: makes what is carried to a branch, in dist/ unless it is told otherwise.
 *
 *     dist/holdfast-edge           the edge: worker and workerd in one executable; needs nothing else on the machine
 *     dist/holdfast-edge.tar.gz    the same with its units, settings and installer: the one file to carry
 *
 * Nothing of a branch is in it. The worker that goes in was bundled just before, by scripts/run.sh.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { migrations } from '../../migrations/index.ts';
import { STORES } from '../../shared/journal/entry.ts';
import { isAdditive } from '../../shared/journal/migrate.ts';
import { VERSION } from '../../shared/version.ts';

/** What is installed beside the executable, from this folder unless it says otherwise. */
const COMPANIONS = [
  'install.sh',
  'upgrade.sh',
  'ask.sh',
  'wake.sh',
  'vault-key.sh',
  'certificate.sh',
  'holdfast.env',
  'front.cfg',
  'uplink.cfg',
  'unprivileged.cfg',
  'holdfast-edge.service',
  'holdfast-edge-recover.service',
  'holdfast-upgrade.service',
  'holdfast-upgrade.timer',
  'holdfast-tls@.service',
  'holdfast-certificates.path',
  'holdfast-certificates.timer',
  'holdfast-certificates.service',
  'holdfast-renew.service',
  'holdfast-renew.timer',
  '../../docs/OPERATIONS.md',
];

const root = packageRoot();
const sources = path.join(root, 'edge/appliance');
const folder = path.resolve(process.argv[2] ?? path.join(root, 'dist'));
const executable = path.join(folder, 'holdfast-edge');
const archive = `${executable}.tar.gz`;

mkdirSync(folder, { recursive: true });
compile();
pack();
console.log(`The appliance is built.

  ${size(executable)}  ${path.relative(process.cwd(), executable)}
    SHA-256 ${sha256(executable)}
  ${size(archive)}  ${path.relative(process.cwd(), archive)}
    SHA-256 ${sha256(archive)}

Install it on a branch's Debian machine (systemd, haproxy), with the identity made for it at the centre:

  tar xzf holdfast-edge.tar.gz && sudo sh holdfast-edge/install.sh \\
    --identity identity.json --centre holdfast.example.org:443 --certificate front.crt --key front.key

Or try it here, in the foreground, with an identity.json in ./credentials:

  mkdir -p edge-data && ${path.relative(process.cwd(), executable)} \\
    --directory-path data=edge-data --directory-path credentials=credentials \\
    --socket-addr http=127.0.0.1:8701 --external-addr centre=127.0.0.1:8700
`);

/** Written beside its name first: an executable that runs cannot be written over. */
function compile(): void {
  const file = `${executable}.new`;
  const out = openSync(file, 'w', 0o755);
  const { status } = spawnSync(workerd(), ['compile', path.join(sources, 'edge.capnp')], {
    stdio: ['ignore', out, 'inherit'],
  });
  closeSync(out);
  if (status !== 0) {
    rmSync(file);
    console.error('holdfast: workerd could not compile the appliance, see above.');
    process.exit(1);
  }
  renameSync(file, executable);
}

/** The same content gives the same archive, byte for byte, so that two builds can be compared. */
function pack(): void {
  const contents = path.join(folder, 'holdfast-edge.d/holdfast-edge');
  rmSync(path.dirname(contents), { recursive: true, force: true });
  mkdirSync(contents, { recursive: true });
  linkSync(executable, path.join(contents, 'holdfast-edge'));
  for (const name of COMPANIONS)
    copyFileSync(path.join(sources, name), path.join(contents, path.basename(name)));
  writeFileSync(path.join(contents, 'RELEASE'), releaseFacts());
  const order = [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mtime=@0',
    '--mode=u=rwX,go=rX',
  ];
  const tar = ['--create', ...order, `--directory=${path.dirname(contents)}`, path.basename(contents)];
  const compress = ['--use-compress-program=gzip --no-name -1', `--file=${archive}`];
  execFileSync('tar', [...compress, ...tar], { stdio: 'inherit' });
  rmSync(path.dirname(contents), { recursive: true });
}

/** What a box compares before an upgrade, in words that its shell can read: see upgrade.sh. */
function releaseFacts(): string {
  const lines = STORES.flatMap((store) =>
    migrations[store].map(
      (migration) => `migration ${store}/${migration.name} ${isAdditive(migration) ? 'adds' : 'changes'}`,
    ),
  );
  return [`version ${VERSION}`, ...lines, ''].join('\n');
}

function workerd(): string {
  const found: unknown = createRequire(import.meta.url)('workerd');
  const file = typeof found === 'object' && found !== null && 'default' in found ? found.default : found;
  if (typeof file === 'string') return file;
  console.error('holdfast: workerd is not installed: run npm install.');
  return process.exit(1);
}

function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return folder;
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function size(file: string): string {
  return `${Math.round(statSync(file).size / 1_000_000)} MB`;
}
