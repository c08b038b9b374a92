/** Volumes that Windows itself made, with their recovery passwords: `keys.json` of the folder HOLDFAST_BITLK_DIR. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Guid, parseGuid } from '../../shared/domain/recovery-key.ts';
import { Redacted } from '../../shared/vault/redacted.ts';

export interface RealVolume {
  /** path of its image, for cryptsetup */
  readonly image: string;
  readonly volumeId: Guid;
  readonly keyId: Guid;
  readonly recoveryPassword: Redacted<string>;
  readonly encryptionMethod: number;
}

const guid = z.string().transform((text, context) => {
  const parsed = parseGuid(text);
  if (parsed) return parsed;
  context.addIssue({ code: 'custom', message: 'not a GUID' });
  return z.NEVER;
});
const keysFile = z.array(
  z.object({ image: z.string(), volumeId: guid, keyId: guid, recoveryPassword: z.string() }),
);

/** The cipher is in the image's name; Win32_EncryptableVolume's numbers. */
const METHODS: readonly (readonly [RegExp, number])[] = [
  [/xts-256/, 7],
  [/xts-128/, 6],
  [/cbc-256/, 4],
  [/cbc-128/, 3],
];
const UNKNOWN_METHOD = 0xffffffff;

export async function readRealVolumes(folder: string): Promise<RealVolume[]> {
  const keys = keysFile.parse(JSON.parse(await readFile(path.join(folder, 'keys.json'), 'utf8')));
  return keys.map(({ image, volumeId, keyId, recoveryPassword }) => ({
    image: path.join(folder, image),
    volumeId,
    keyId,
    recoveryPassword: new Redacted(recoveryPassword),
    encryptionMethod: METHODS.find(([pattern]) => pattern.test(image))?.[1] ?? UNKNOWN_METHOD,
  }));
}
