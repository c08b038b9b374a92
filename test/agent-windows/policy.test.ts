/** Policy templates and the scheduled task are well-formed and agree with each other, the module and the READMEs. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DOMParser, type Document, type Element } from '@xmldom/xmldom';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AGENT } from './powershell.ts';

const text = (name: string): Promise<string> => readFile(path.join(AGENT, name), 'utf8');

/** Throws for anything that is not well-formed. */
async function xml(name: string): Promise<Document> {
  const onError = (level: string, message: string): never => {
    throw new Error(`${name}: ${level} ${message}`);
  };
  return new DOMParser({ onError }).parseFromString(await text(name), 'text/xml');
}

const named = (root: Document | Element, name: string): Element[] => [...root.getElementsByTagName(name)];
const values = (elements: readonly Element[], attribute: string): string[] =>
  elements.map((each) => each.getAttribute(attribute) ?? '').filter((value) => value !== '');

const setting = z.object({
  name: z.string(),
  kind: z.enum(['list', 'text', 'boolean', 'choice', 'number']),
  default: z.union([z.number(), z.string(), z.array(z.string())]),
  required: z.boolean().optional(),
  choices: z.array(z.number()).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
});
const { settings } = z
  .object({ settings: z.array(setting) })
  .parse(JSON.parse(await text('Holdfast.Agent/settings.json')));
const { events } = z
  .object({
    events: z.array(
      z.object({
        id: z.number().int().min(1).max(65_535),
        name: z.string(),
        level: z.enum(['Information', 'Warning', 'Error']),
        en: z.string(),
        es: z.string(),
      }),
    ),
  })
  .parse(JSON.parse(await text('Holdfast.Agent/events.json')));

const admx = await xml('PolicyDefinitions/Holdfast.admx');
const LANGUAGES = ['en-US', 'es-ES'] as const;
const ELEMENT_OF = { list: 'multiText', text: 'text', choice: 'enum', number: 'decimal' } as const;
const CONTROL_OF = {
  list: 'multiTextBox',
  text: 'textBox',
  choice: 'dropdownList',
  number: 'decimalTextBox',
} as const;

describe('policy templates', () => {
  it('have one policy for each setting, under the key that the module reads', async () => {
    const policies = named(admx, 'policy');
    expect(values(policies, 'name').sort()).toEqual(settings.map(({ name }) => name).sort());
    expect(new Set(values(policies, 'key'))).toEqual(new Set(['SOFTWARE\\Policies\\Holdfast']));
    expect(new Set(values(policies, 'class'))).toEqual(new Set(['Machine']));
    expect(await text('Holdfast.Agent/Private/Settings.ps1')).toContain("'SOFTWARE\\Policies\\Holdfast'");
  });

  it.each(settings.map((each) => [each.name, each] as const))('%s fits its kind', (name, each) => {
    const policy = named(admx, 'policy').find((found) => found.getAttribute('name') === name);
    if (!policy) throw new Error('there is no such policy');
    if (each.kind === 'boolean') {
      expect(policy.getAttribute('valueName')).toBe(name);
      const decimals = (tag: string) =>
        named(policy, tag).flatMap((part) => values(named(part, 'decimal'), 'value'));
      expect([decimals('enabledValue'), decimals('disabledValue')]).toEqual([['1'], ['0']]);
      return;
    }
    const [element] = named(policy, ELEMENT_OF[each.kind]).filter(
      (found) => found.getAttribute('id') !== null,
    );
    expect(element?.getAttribute('valueName')).toBe(name);
    if (each.kind === 'number') {
      expect(element?.getAttribute('minValue')).toBe(String(each.min));
      expect(element?.getAttribute('maxValue')).toBe(String(each.max));
    }
    if (each.kind === 'choice') {
      const offered = values(element ? named(element, 'decimal') : [], 'value').map(Number);
      expect(offered.sort()).toEqual([...(each.choices ?? [])].sort());
      expect(offered).toContain(each.default);
    }
  });

  it.each(LANGUAGES)('resolve every reference in %s, and leave no text over', async (language) => {
    const adml = await xml(`PolicyDefinitions/${language}/Holdfast.adml`);
    const source = await text('PolicyDefinitions/Holdfast.admx');
    const referred = (kind: string) =>
      [
        ...new Set(
          [...source.matchAll(new RegExp(`\\$\\(${kind}\\.([A-Za-z0-9_]+)\\)`, 'g'))].map(([, id]) => id),
        ),
      ].sort();
    const strings = named(adml, 'string');
    expect(values(strings, 'id').sort()).toEqual(referred('string'));
    for (const each of strings) expect(each.textContent?.trim()).not.toBe('');
    const presentations = named(adml, 'presentation');
    expect(values(presentations, 'id').sort()).toEqual(referred('presentation'));
    for (const each of settings) {
      if (each.kind === 'boolean') continue;
      const presentation = presentations.find((found) => found.getAttribute('id') === each.name);
      const controls = presentation ? named(presentation, CONTROL_OF[each.kind]) : [];
      expect([each.name, values(controls, 'refId')]).toEqual([each.name, [`${each.name}_Value`]]);
    }
  });

  it('refer to categories and to versions of Windows that are defined', () => {
    const categories = values(named(admx, 'category'), 'name');
    for (const ref of values(named(admx, 'parentCategory'), 'ref')) expect(categories).toContain(ref);
    const versions = values(named(admx, 'definition'), 'name');
    const policies = named(admx, 'policy').flatMap((policy) => values(named(policy, 'supportedOn'), 'ref'));
    for (const ref of policies) expect(versions).toContain(ref);
    expect(policies).toHaveLength(settings.length);
  });

  it('say in both languages that they were not loaded on Windows yet', async () => {
    for (const name of ['Holdfast.admx', 'en-US/Holdfast.adml', 'es-ES/Holdfast.adml'])
      expect(await text(`PolicyDefinitions/${name}`)).toContain('Not loaded on Windows yet');
  });
});

describe('the scheduled task', () => {
  it('runs the agent as LocalSystem and stops no boot', async () => {
    const task = await xml('HoldfastAgentTask.xml');
    expect(named(task, 'UserId')[0]?.textContent).toBe('S-1-5-18');
    expect(named(task, 'Arguments')[0]?.textContent).toContain('-NonInteractive');
    expect(named(task, 'Arguments')[0]?.textContent).toContain('Start-HoldfastAgent.ps1');
    expect(named(task, 'BootTrigger')).toHaveLength(1);
  });
});

describe('READMEs', () => {
  const rows = (page: string) =>
    page
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.slice(2, -2).split(' | '));

  it.each([
    ['README.md', 'en', { Information: 'information', Warning: 'warning', Error: 'error' }],
    ['README.es.md', 'es', { Information: 'información', Warning: 'advertencia', Error: 'error' }],
  ] as const)('%s lists every setting and every log entry', async (name, language, levels) => {
    const page = rows(await text(name));
    for (const { id, name: event, level, ...words } of events)
      expect(page).toContainEqual([String(id), levels[level], `\`${event}\``, words[language]]);
    for (const each of settings) {
      const row = page.find(([first]) => first === `\`${each.name}\``);
      const value = Array.isArray(each.default) || each.default === '' ? '—' : String(each.default);
      expect([each.name, row?.[2]]).toEqual([each.name, value]);
    }
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });

  it('begin with what has not been done', async () => {
    expect((await text('README.md')).split('\n')[2]).toMatch(/not been run on Windows yet/);
    expect((await text('README.es.md')).split('\n')[2]).toMatch(/no se ha ejecutado todavía en Windows/);
  });
});
