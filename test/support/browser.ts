/** A real browser, for tests and benches: Chromium from a package, or the system's. */
import { access } from 'node:fs/promises';
import sparticuz from '@sparticuz/chromium';
import { type Browser, type Page, chromium } from 'playwright-core';

/** What is not needed here, or weakens what a page's policy forbids. */
const LEFT_OUT = ['--single-process', '--disable-web-security'];

/** The browser, or why there is none. */
export async function tryBrowser(): Promise<Browser | string> {
  const tries = [
    () => sparticuz.executablePath(),
    () => access('/usr/bin/chromium').then(() => '/usr/bin/chromium'),
  ];
  const faults: string[] = [];
  for (const find of tries) {
    try {
      const executablePath = await find();
      return await chromium.launch({
        ...{ executablePath, headless: true },
        args: sparticuz.args.filter((arg) => !LEFT_OUT.includes(arg)),
      });
    } catch (error) {
      faults.push(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
    }
  }
  return `no Chromium starts here: ${faults.join('; ')}`;
}

/** By how much what was shown has moved since the page began to load. */
export function layoutShift({ page }: { readonly page: Page }): Promise<number> {
  return page.evaluate(`new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => {
      for (const { value } of list.getEntries()) sum += value;
    }).observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => resolve(sum), 50);
  })`);
}
