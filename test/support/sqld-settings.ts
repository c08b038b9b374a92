/** The settings of a centre whose stores stand at two servers. A bench reads this as well: nothing here needs a test to run. */
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { ADMIN_KEY, type Sqld, sqldToken } from './sqld.ts';

export type Servers = Readonly<Record<Store, Sqld>>;

/** `admin`: what stands in front of the servers' admin addresses, if anything does. */
export function serverSettings(
  servers: Servers,
  admin: Readonly<Record<Store, { readonly adminUrl: string }>> = servers,
): Record<string, string> {
  return Object.fromEntries(
    STORES.flatMap((store) => {
      const name = `HOLDFAST_${store.toUpperCase()}`;
      return [
        [`${name}_URL`, servers[store].url],
        [`${name}_TOKEN`, sqldToken()],
        [`${name}_ADMIN_URL`, admin[store].adminUrl],
        [`${name}_ADMIN_KEY`, ADMIN_KEY],
      ];
    }),
  );
}
