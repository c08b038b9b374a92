/**
 * The production code that a simulated node runs. The simulator's bundle holds it twice: as it is, and as the version
 * after it (`next-program.ts`), so that nodes of both meet.
 */
export { openNode, type HoldfastNode, type NodeOptions } from '../../shared/node.ts';
export { EngineError } from '../../shared/journal/engine.ts';
export { PROJECTION_VERSION } from '../../shared/journal/kinds.ts';
export { digestSlice } from '../../shared/journal/digest.ts';
export { verifySegment } from '../../shared/journal/segments.ts';
export { syncRoutes } from '../../shared/http/routes/sync.ts';
export { Problem, problemOf, respond } from '../../shared/http/problem.ts';
export { enrol } from '../../shared/devices/enrolment.ts';
export { migrations } from '../../migrations/index.ts';
