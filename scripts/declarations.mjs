// Declarations of the one part that other packages import (`holdfast/client`), beside its bundle in dist/. The compiler is
// loaded only when they are older than their sources: it would double the time of a build.
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export async function buildDeclarations(root) {
  const from = path.join(root, 'central/client');
  const to = path.join(root, 'dist/central/client');
  if (!existsSync(path.join(from, 'client.ts'))) return;
  const made = path.join(to, 'client.d.ts');
  mkdirSync(to, { recursive: true });
  copyFileSync(path.join(from, 'api.d.ts'), path.join(to, 'api.d.ts'));
  const source = path.join(from, 'client.ts');
  if (existsSync(made) && statSync(made).mtimeMs > statSync(source).mtimeMs) return;
  const { default: ts } = await import('typescript');
  const { outputText } = ts.transpileDeclaration(readFileSync(source, 'utf8'), {
    fileName: source,
    compilerOptions: { strict: true, module: ts.ModuleKind.NodeNext, isolatedDeclarations: true },
  });
  writeFileSync(made, outputText);
}
