/** API tokens of staff, as `holdfast staff add` makes them. */
import { nodePlatform } from '../../central/platform.ts';
import { TOKEN_SCOPES } from '../../shared/domain/vocabulary.ts';
import type { ConfigBody } from '../../shared/journal/bodies.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';

const YEAR_MS = 365 * 86_400_000;
/** 2100: whatever the clock of a test shows. */
export const NO_END_IN_TESTS = 4_102_444_800_000;

/** A token for everything that the role of its person may do. */
export function apiToken(
  staffId: string,
  token: string,
  change: Partial<ConfigBody<'api-token'>> = {},
): ConfigBody<'api-token'> {
  return {
    ...{ staffId, label: 'test', tokenHash: staffTokenHash(nodePlatform, token), scope: [...TOKEN_SCOPES] },
    ...{ expiresAt: Date.now() + YEAR_MS, revoked: false },
    ...change,
  };
}
