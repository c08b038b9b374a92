/** Who may do what with keys, by role and by site. */
import type { StaffRole } from '../domain/vocabulary.ts';
import type { ProblemCode } from '../http/problem.ts';
import type { StaffMember } from '../staff/member.ts';

/** I3: whoever is known and asks without the right to leaves a record, so roles are looked at here and not before. */
export function mayRetrieve(role: StaffRole): boolean {
  return role === 'helpdesk' || role === 'advanced-helpdesk';
}

export function mayAsk(staff: Pick<StaffMember, 'sites'>, siteId: string): boolean {
  return staff.sites === null || staff.sites.includes(siteId);
}

/** Why somebody may not be the second person for a key of a site, or null. Officers may, for a branch has few people. */
export function secondPersonRefusal(
  staff: Pick<StaffMember, 'role' | 'sites'>,
  siteId: string,
): ProblemCode | null {
  if (!mayRetrieve(staff.role) && staff.role !== 'break-glass-officer') return 'forbidden';
  return mayAsk(staff, siteId) ? null : 'site-not-assigned';
}
