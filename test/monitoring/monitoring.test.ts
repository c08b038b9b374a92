/**
 * What `docs/monitoring/` gives to Prometheus and Grafana is tried by Prometheus's own tool, on the metrics of a real
 * edge and its centre, and names nothing that no node measures.
 */
import { execFile, spawnSync } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { ALARMS } from '../../shared/alarms.ts';
import { HELP } from '../../shared/http/metrics.ts';
import { CENTRE, edgeIn, eventually, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

const folder = path.resolve('docs/monitoring');
const RULES = path.join(folder, 'holdfast.rules.yml');
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
const needsPromtool = hasPromtool ? '' : ' (skipped: promtool is missing, install the package prometheus)';
/** promtool counts through days of made-up samples, on a machine where other tests run. */
const PROMTOOL_MS_MAX = 60_000;

it.skipIf(!hasPromtool)(
  `has rules that Prometheus takes, and each is raised by what it is for alone${needsPromtool}`,
  async () => {
    expect(await promtool(['check', 'config', path.join(folder, 'prometheus.yml')])).toContain('SUCCESS');
    expect(await promtool(['check', 'rules', RULES])).toContain('SUCCESS');
    const tests = path.join(folder, 'holdfast.rules.test.yml');
    expect(await promtool(['test', 'rules', tests])).toContain('SUCCESS');
    const tested = await readFile(tests, 'utf8');
    for (const alert of alertsIn(await readFile(RULES, 'utf8')))
      expect(tested, `a test that raises ${alert.name}`).toContain(`  - name: ${alert.name}\n`);
  },
  PROMTOOL_MS_MAX,
);

it.skipIf(!hasPromtool)(
  `serves metrics that Prometheus has nothing to say against${needsPromtool}`,
  async () => {
    expect(await promtool(['check', 'metrics'], (await exposition()).text)).toBe('');
  },
);

it('names in rules and dashboard only what nodes measure', async () => {
  const { text } = await exposition();
  const measured = new Set([...Object.keys(HELP), ...matches(text, /^# TYPE (\w+)/gm)]);
  const rules = await readFile(RULES, 'utf8');
  const dashboard = z
    .object({ panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })) })) })
    .parse(JSON.parse(await readFile(path.join(folder, 'grafana-dashboard.json'), 'utf8')));
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join('\n');
  const named = new Set(matches(`${rules}\n${expressions}`, /\b(holdfast_\w+)/g));
  expect([...named].filter((name) => !measured.has(name))).toEqual([]);
  const routes = matches(rules, /route!?="([^"]+)"/g);
  for (const route of routes) expect(text, `the route ${route}`).toContain(`route="${route}"`);
});

it('has a rule for every alarm, and for every rule a runbook that says what is seen and when it is over', async () => {
  const rules = await readFile(RULES, 'utf8');
  expect(ALARMS.filter((type) => !rules.includes(`type="${type}"`))).toEqual([]);
  const alerts = alertsIn(rules);
  expect(alerts.length).toBeGreaterThan(ALARMS.length);
  for (const { name, runbook, severity } of alerts) {
    expect(severity, name).toMatch(/^(critical|warning)$/);
    const file = path.resolve(folder, runbook);
    await access(file);
    const text = await readFile(file, 'utf8');
    const headings = matches(text, /^## (.*)$/gm);
    expect(headings, runbook).toEqual([
      ...['What you see', 'What it means', 'What to do', 'What not to do', 'How you know that it is over'],
    ]);
    expect(text, `${runbook} names the alert`).toContain(name);
  }
});

function alertsIn(rules: string): { name: string; severity: string; runbook: string }[] {
  return rules
    .split(/^ {6}- alert: /m)
    .slice(1)
    .map((text) => ({
      name: /^\w+/.exec(text)?.[0] ?? '',
      severity: /severity: (\w+)/.exec(text)?.[1] ?? '',
      runbook: /runbook: (\S+)/.exec(text)?.[1] ?? '',
    }));
}

/** What the pattern's one group finds, each time. */
function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((found) => found[1] ?? '');
}

/** What an edge and its centre serve to Prometheus after they were in touch, with every alarm raised. */
async function exposition(): Promise<{ text: string }> {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE);
  const peers = [{ name: 'centre', fetch: centre.fetch }];
  const edge = await startNetworkNode(organisation, edgeIn('centro', 'madrid', 'region'), peers);
  edge.node.start();
  await eventually(() => edge.node.peers.all().length > 0);
  for (const type of ALARMS) edge.node.alarms.raise(type, 'a subject', 'for the test');
  await edge.fetch('/readyz', { method: 'GET' });
  const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' };
  await edge.fetch('/v1/compliance/status', post);
  const answer = await edge.fetch('/metrics', { method: 'GET' });
  return { text: await answer.text() };
}

/** What the tool says; it fails the test when it ends with anything but 0. */
function promtool(args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('promtool', args, (error, stdout, stderr) => {
      if (error) reject(new Error(`promtool ${args.join(' ')}: ${stdout}${stderr}`));
      else resolve(stdout + stderr);
    });
    child.stdin?.end(input);
  });
}
