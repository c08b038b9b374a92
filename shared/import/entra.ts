/**
 * Keys from Microsoft Entra ID (and so from Intune), as Microsoft Graph gives them in JSON: the resource
 * bitlockerRecoveryKey of /informationProtection/bitlocker/recoveryKeys.
 *
 *     {"id": "KEY-ID", "key": "48 digits", "deviceId": "the device's object", "createdDateTime": "2024-01-31T09:32:11Z",
 *      "volumeType": "operatingSystemVolume" (or 1)}
 *
 * Graph leaves `key` out of lists: it is asked for key by key, with `$select=key`. It names no computer either; the
 * script in docs/import/entra.ps1 adds `deviceName` and `userPrincipalName`. Without a name the device's ID stands for
 * one.
 */
import { z } from 'zod';
import { JsonObjects, type JsonItem } from './json-objects.ts';
import { type ImportItem, type ImportReader, noNotices, readKey, timeOf } from './record.ts';
import { volumeTypeOf } from './spreadsheet.ts';

const optionalText = z.string().nullish();
const recoveryKey = z.object({
  id: optionalText,
  key: optionalText,
  deviceId: optionalText,
  createdDateTime: optionalText,
  volumeType: z.union([z.string(), z.number()]).nullish(),
  deviceName: optionalText,
  displayName: optionalText,
  userPrincipalName: optionalText,
});

export class EntraReader implements ImportReader {
  readonly notices = noNotices();
  readonly #objects = new JsonObjects();

  push(bytes: Uint8Array): ImportItem[] {
    return this.#read(this.#objects.push(bytes));
  }

  end(): ImportItem[] {
    this.notices.cutOff = this.#objects.cutOff;
    const items = this.#read(this.#objects.end());
    this.notices.pagesMissing = this.#objects.pagesMissing;
    return items;
  }

  #read(items: readonly JsonItem[]): ImportItem[] {
    return items.map((item) => {
      if ('fault' in item) return item;
      const { line } = item;
      if (item.windows1252) this.notices.windows1252 += 1;
      const parsed = recoveryKey.safeParse(item.value);
      if (!parsed.success) return { line, fault: 'malformed' };
      const { id, key, deviceId, createdDateTime, volumeType, deviceName, displayName, userPrincipalName } =
        parsed.data;
      return readKey({
        ...{ line, keyId: id ?? null, recoveryPassword: key ?? '', domain: '' },
        computerName: deviceName ?? displayName ?? deviceId ?? '',
        volumeType: volumeTypeOf(String(volumeType ?? '')),
        createdAt: timeOf(createdDateTime ?? ''),
        users: userPrincipalName === null || userPrincipalName === undefined ? [] : [userPrincipalName],
      });
    });
  }
}
