// A Vitest reporter: says why each skipped test was skipped, and counts. Under scripts/test.mjs it leaves both in a file,
// so that they are the last thing printed. A file that cannot be loaded, and an error outside of any test, count as one failure each.
import { writeFileSync } from 'node:fs';
import process from 'node:process';

export default class CountsReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const reasons = [];
    for (const module of modules) {
      const where = `${module.project.name ? `[${module.project.name}] ` : ''}${module.relativeModuleId}`;
      if (module.state() === 'failed' && module.errors().length > 0) counts.failed += 1;
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length > 0 ? 1 : 0;
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        if (state === 'passed') counts.passed += 1;
        else if (state === 'failed') counts.failed += 1;
        else {
          counts.skipped += 1;
          reasons.push(`  ${where} > ${test.fullName}: ${note ?? 'no reason given beyond its name'}`);
        }
      }
    }
    const file = process.env.HOLDFAST_COUNTS_FILE;
    if (file) writeFileSync(file, JSON.stringify({ ...counts, reasons }));
    else if (reasons.length > 0) process.stdout.write(`Skipped, and why:\n${reasons.join('\n')}\n`);
  }
}
