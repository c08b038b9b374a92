/**
 * What script adds to the pages, which are whole without it: each element that names an island here gets its comfort.
 * It keeps nothing and sends nothing of what it sees.
 */
import { digits } from './islands/digits.ts';
import { idle } from './islands/idle.ts';
import { link } from './islands/link.ts';
import { live } from './islands/live.ts';
import { newPasskey } from './islands/new-passkey.ts';
import { passkey } from './islands/passkey.ts';
import { password } from './islands/password.ts';
import { tellZone } from './islands/zone.ts';

const ISLANDS: Readonly<Record<string, (element: HTMLElement) => void>> = {
  ...{ digits, idle, link, live, passkey, password },
  'new-passkey': newPasskey,
};

tellZone();
// On a narrow screen the navigation is moved sideways: it begins where one is.
document.querySelector('.top nav [aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' });
for (const element of document.querySelectorAll<HTMLElement>('[data-island]'))
  ISLANDS[element.dataset['island'] ?? '']?.(element);
