/** Which release a centre wants of an edge: the narrowest of what was staged for it, its region and everybody. */
import { z } from 'zod';
import type { Configuration } from '../configuration.ts';
import { peekJws } from '../trust/jws.ts';
import { releaseVersion } from './manifest.ts';

export interface WantedRelease {
  readonly version: string;
  /** as the organisation signed it; whoever acts on it checks that first */
  readonly manifest: string;
  /** its time has come, by this node's clock */
  readonly due: boolean;
}

const named = z.looseObject({ version: releaseVersion });

export function wantedRelease(
  edge: { readonly name: string; readonly regionId: string | null },
  configuration: Configuration,
  now: number,
): WantedRelease | null {
  const staged = configuration
    .all('release')
    .map(({ body }) => body)
    .filter(
      ({ withdrawn, regionId, nodeName }) =>
        !withdrawn &&
        (regionId === null || regionId === edge.regionId) &&
        (nodeName === null || nodeName === edge.name),
    );
  const narrowest =
    staged.find(({ nodeName }) => nodeName !== null) ??
    staged.find(({ regionId }) => regionId !== null) ??
    staged[0];
  if (!narrowest) return null;
  const { manifest, notBefore } = narrowest;
  const payload = named.safeParse(peekJws(manifest)?.payload);
  if (!payload.success) return null;
  return { version: payload.data.version, manifest, due: notBefore === null || notBefore <= now };
}
