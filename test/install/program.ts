/**
 * Installs a centre and is killed on the way: `program.js ROOT IDENTITY POINT` ends by SIGKILL when that point comes up,
 * and installs to the end when POINT is `never`.
 */
import process from 'node:process';
import { installCentre } from '../../central/install/centre.ts';

const [root = '', identityFile = '', killAt = ''] = process.argv.slice(2);

await installCentre({
  root,
  identityFile,
  changes: new Map(),
  atPoint: (point) => {
    if (point === killAt) process.kill(process.pid, 'SIGKILL');
  },
});
