/** A real browser, with nothing of its own that softens what a page may do. */
import chromium from '@sparticuz/chromium';
import { type Browser, type Page, chromium as driver } from 'playwright-core';

/** One process for all is unstable, and a page's policy must count. */
const LEFT_OUT = ['--single-process', '--disable-web-security'];

export async function openBrowser(): Promise<Browser> {
  return driver.launch({
    executablePath: await chromium.executablePath(),
    args: chromium.args.filter((arg) => !LEFT_OUT.includes(arg)),
    headless: true,
  });
}

/** What a page complained about or fetched from elsewhere, as it happens. */
export function complaintsOf(page: Page, origin: string): string[] {
  const found: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') found.push(message.text());
  });
  page.on('pageerror', (error) => found.push(String(error)));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) found.push(`elsewhere: ${request.url()}`);
  });
  return found;
}
