/** Every route of a centre, asked by anybody in any way. */
import { ENDPOINTS_HOLD, openEndpoints } from '../endpoints.ts';
import type { Target } from '../target.ts';

export const target: Target = {
  name: 'endpoints-centre',
  holds: ENDPOINTS_HOLD,
  bytesMax: 8_000,
  open: () => openEndpoints('centre'),
};
