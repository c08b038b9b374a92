/** Reports; see `shared/reports`. */
import type { Routes } from '../context.ts';

export const reportRoutes: Routes = () => undefined;
