/**
 * Counters and gauges in the Prometheus text format (version 0.0.4). The usual client library needs parts of Node
 * that workerd does not have, and this is all a node counts; see docs/decisions.
 */
export const HELP: Readonly<Record<string, { type: 'counter' | 'gauge'; help: string }>> = {
  holdfast_requests_total: { type: 'counter', help: 'HTTP requests by route and status.' },
  holdfast_entries_total: {
    type: 'counter',
    help: 'Journal entries committed here, by store and by append or absorb.',
  },
  holdfast_build_info: { type: 'gauge', help: 'The version of this program; the value is always 1.' },
  holdfast_upgrade_pending: {
    type: 'gauge',
    help: 'Whether an edge still has to take the release that is wanted of it.',
  },
  holdfast_alarms: { type: 'gauge', help: 'Alarms raised now, by type.' },
  holdfast_alarms_total: { type: 'counter', help: 'Alarms raised since the start, by type.' },
  holdfast_journal_entries: { type: 'gauge', help: 'Entries held, by store.' },
  holdfast_entries_behind: {
    type: 'gauge',
    help: 'Entries a node is known to have written that are not held here.',
  },
  holdfast_last_contact_seconds: { type: 'gauge', help: 'Seconds since a peer was last reached.' },
  holdfast_peer_connected: { type: 'gauge', help: '1 while replication with the peer is not backing off.' },
  holdfast_snapshots_total: {
    type: 'counter',
    help: 'Snapshots made or failed since the start, by outcome.',
  },
  holdfast_snapshot_last_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When the newest snapshot was made; 0 when there is none.',
  },
  holdfast_backup_last_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When a backup tool last reported that it had read a snapshot; 0 when none has.',
  },
  holdfast_reseal_rows: {
    type: 'gauge',
    help: 'Rows of sealed keys that this node looks through for new vaults, and those it has seen.',
  },
  holdfast_resealed_keys: {
    type: 'gauge',
    help: 'Keys sealed again by this node since it had to begin from the start, by vault.',
  },
  holdfast_reseal_failed_keys: {
    type: 'gauge',
    help: 'Keys that could not be sealed again, because a copy did not open with the key of its vault.',
  },
  holdfast_offline_seconds: {
    type: 'gauge',
    help: 'Time without the centre as this node lived it: what disclosure goes by. 0 while there is contact.',
  },
  holdfast_break_glass_disclosures_left: {
    type: 'gauge',
    help: 'Disclosures left under break-glass; 0 while it is not open.',
  },
  holdfast_certificate_end_timestamp_seconds: {
    type: 'gauge',
    help: 'When a certificate ends: the node’s own, that of the TLS in front of an edge, a centre’s TLS authority.',
  },
  holdfast_disk_reserve_stages: {
    type: 'gauge',
    help: 'Stages of the reserve on the disk: held, and all; with each one missing, more is refused.',
  },
  holdfast_ready: { type: 'gauge', help: '1 while this node serves everything it is for.' },
};

type Labels = Readonly<Record<string, string>>;

export interface Gauge {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

export class Metrics {
  readonly #counters = new Map<string, Map<string, number>>();
  readonly #observed: (() => Gauge[])[] = [];

  /** Adds gauges of a part that only some nodes have. */
  observe(read: () => Gauge[]): void {
    this.#observed.push(read);
  }

  add(name: keyof typeof HELP, labels: Labels, amount = 1): void {
    let series = this.#counters.get(name);
    if (!series) this.#counters.set(name, (series = new Map<string, number>()));
    const key = labelText(labels);
    series.set(key, (series.get(key) ?? 0) + amount);
  }

  /** The exposition, with gauges as they are now. */
  text(gauges: readonly Gauge[]): string {
    const families = new Map<string, string[]>();
    const put = (name: string, labels: string, value: number): void => {
      const lines = families.get(name) ?? [];
      lines.push(`${name}${labels} ${String(value)}`);
      families.set(name, lines);
    };
    for (const [name, series] of this.#counters)
      for (const [labels, value] of series) put(name, labels, value);
    for (const { name, labels, value } of [...gauges, ...this.#observed.flatMap((read) => read())])
      put(name, labelText(labels), value);
    return [...families]
      .map(([name, lines]) => {
        const { type, help } = HELP[name] ?? { type: 'gauge', help: name };
        return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
      })
      .join('');
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/["\\\n]/g, '_')}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
