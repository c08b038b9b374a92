/** What a local installation consists of: regions, their sites, and one edge per site. */
export interface PlannedEdge {
  readonly name: string;
  readonly siteId: string;
  readonly siteName: string;
  readonly regionId: string;
  /** holds its region's vault key and others' sealed entries; otherwise it is escrow-only */
  readonly helpdesk: boolean;
}

export interface Plan {
  readonly regions: readonly { readonly id: string; readonly name: string }[];
  readonly edges: readonly PlannedEdge[];
  /** by one person or at one node, instead of what holds where nothing is configured */
  readonly disclosuresPerHour?: number;
}

/** Two helpdesk edges of one region and an escrow-only edge of another. */
export const DEMO_PLAN: Plan = {
  regions: [
    { id: 'centro', name: 'Centro' },
    { id: 'norte', name: 'Norte' },
  ],
  edges: [
    { name: 'edge-madrid', siteId: 'madrid', siteName: 'Madrid', regionId: 'centro', helpdesk: true },
    { name: 'edge-toledo', siteId: 'toledo', siteName: 'Toledo', regionId: 'centro', helpdesk: true },
    { name: 'edge-lugo', siteId: 'lugo', siteName: 'Lugo', regionId: 'norte', helpdesk: false },
  ],
};

export const ORGANISATION_VAULT = 'organisation-1';

export function regionVault(regionId: string): string {
  return `region-${regionId}-1`;
}
