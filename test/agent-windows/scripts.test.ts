/** Every script parses, and calls only what there is, with the parameters that it has. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ENDINGS, GUARDS, NEXT, STEPS } from '../../shared/agent/table.ts';
import { IN_BOX, PESTER } from './in-box.ts';
import {
  AGENT,
  all,
  faults,
  functionsOf,
  makeParse,
  nameOf,
  placeOf,
  readSources,
  wrongCalls,
  wrongVariables,
} from './powershell.ts';

const parse = await makeParse();
const sources = await readSources(parse);
const ofTheAgent = sources.filter(({ name }) => !name.startsWith('Tests'));
const functions = functionsOf(sources);

describe('scripts of the agent for Windows', () => {
  it('are there', () => {
    expect(sources.length).toBeGreaterThan(25);
    expect(functions.size).toBeGreaterThan(90);
  });

  it.each(sources.map((source) => [source.name, source] as const))('%s parses', (_name, source) => {
    expect(faults(source)).toEqual([]);
  });

  it.each(sources.map((source) => [source.name, source] as const))(
    '%s says that it was not run on Windows yet, in ASCII, which 5.1 reads without a byte-order mark',
    (_name, { text }) => {
      expect(text.split('\n')[0]).toMatch(/^# Holdfast agent for Windows: /);
      expect(text.split('\n')[1]).toMatch(/^# Not run on Windows yet/);
      expect(/^[\n\x20-\x7e]*$/.test(text)).toBe(true);
    },
  );

  it('call only functions of the module and commands that 5.1 brings, with parameters that they have', () => {
    const known = (name: string) => (name.startsWith('Tests') ? { ...IN_BOX, ...PESTER } : IN_BOX);
    expect(sources.flatMap((source) => wrongCalls(source, functions, known(source.name)))).toEqual([]);
  });

  it('would not pass with a misspelt name', () => {
    const check = (text: string) => {
      const source = parse('trial.ps1', `function Get-Trial {\n    param([string]$Text)\n${text}\n}\n`);
      return [...faults(source), ...wrongCalls(source, functions, IN_BOX), ...wrongVariables(source)].length;
    };
    expect(check("Write-HoldfastEvent -Name 'x' -Values @($Text)")).toBe(0);
    expect(check("Write-HoldfastEvnt -Name 'x'")).toBe(1);
    expect(check("Write-HoldfastEvent -Name 'x' -Value $Text")).toBe(1);
    expect(check('Write-HoldfastEvent -Values @($Text)')).toBe(1);
    expect(check('$list = @(foreach ($one in @(1)) { Get-HoldfastCode -Code $two })')).toBe(1);
    expect(check('if ($Text) {')).toBeGreaterThan(0);
  });

  it('define each function once, and use each', () => {
    const defined = ofTheAgent.flatMap(({ root }) => all(root, 'function_name').map(({ text }) => text));
    expect(new Set(defined).size).toBe(defined.length);
    const everything = sources.map(({ text }) => text).join('\n');
    const unused = defined.filter((name) => everything.split(name).length < 3);
    expect(unused).toEqual([]);
  });

  it('read only variables that were given or set', () => {
    expect(ofTheAgent.flatMap(wrongVariables)).toEqual([]);
  });

  it('set no variable that PowerShell sets itself', () => {
    const own = /^(args|error|event|foreach|home|host|input|matches|pid|profile|pwd|switch|this|sender)$/;
    const wrong = sources.flatMap((source) =>
      all(source.root, 'variable')
        .filter(({ text }) => own.test(nameOf(text)))
        .map((each) => placeOf(source, each)),
    );
    expect(wrong).toEqual([]);
  });

  it('ask nobody anything, run no text as a program, and loosen no check', () => {
    for (const { name, text } of ofTheAgent) {
      const program = text.replace(/^\s*#.*$/gm, '');
      expect([
        name,
        /Read-Host|Get-Credential|Out-GridView|MessageBox|Invoke-Expression|\biex\b/i.exec(program),
      ]).toEqual([name, null]);
      expect([
        name,
        /TrustAllCert|CertificateValidationCallback\s*=\s*\{|Ssl3|\bTls11?\b/.exec(program),
      ]).toEqual([name, null]);
      // The localised words of commands that print for people.
      expect([name, /manage-bde|Get-BitLockerVolume|Get-Tpm\b/.exec(program)]).toEqual([name, null]);
    }
  });

  it('take no name and no folder that any user of the computer could have taken first', async () => {
    for (const { name, text } of ofTheAgent)
      expect([name, /Mutex|EventWaitHandle|Global\\|GetTempPath|\$env:TEMP/.exec(text)]).toEqual([
        name,
        null,
      ]);
    const install = await readFile(path.join(AGENT, 'Install-HoldfastAgent.ps1'), 'utf8');
    const folders = [
      ...install.matchAll(/^New-SystemFolder -Path \(Join-Path \$env:ProgramData '(.*)'\)$/gm),
    ];
    // The parent as well: whoever owns it may put another folder in the place of the one below.
    expect(folders.map(([, folder]) => folder)).toEqual(['Holdfast', 'Holdfast\\Agent']);
    expect(install.match(/\$env:ProgramData/g)).toHaveLength(folders.length);
    expect(install).toMatch(/GetOwner\(.*\n.*ReparsePoint.*\n.*\n.*Directory\]::Delete/);
  });

  it('replace the program by one that is there whole', async () => {
    const install = await readFile(path.join(AGENT, 'Install-HoldfastAgent.ps1'), 'utf8');
    const steps = ['Copy-Item ', 'Remove-Item -LiteralPath $target ', 'Directory]::Move($next, $target)'];
    const places = steps.map((step) => install.indexOf(step));
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(places).not.toContain(-1);
    expect(install).toContain('-Destination $next ');
  });

  it('look up what a method of WMI gives by name, for under strict mode a missing property is an error', () => {
    for (const { name, text } of ofTheAgent)
      expect([name, /\['(?:out|body|answer|payload|header)'\]\.\w/.exec(text)]).toEqual([name, null]);
  });

  it('use nothing that came with PowerShell 7', () => {
    for (const source of ofTheAgent) {
      expect([
        source.name,
        /\?\?|\?\.|-AsHashtable|-Parallel|ForEach-Object -Parallel/.exec(source.text),
      ]).toEqual([source.name, null]);
      const chains = all(source.root, 'pipeline_chain').filter(({ children }) =>
        children.some((child) => child?.text === '&&' || child?.text === '||'),
      );
      expect(chains.map((each) => placeOf(source, each))).toEqual([]);
    }
  });

  it('know every word of the decision table', () => {
    const clauses = (name: string): string[] => {
      const definition = ofTheAgent
        .flatMap(({ root }) => all(root, 'function_statement'))
        .find((each) => all(each, 'function_name')[0]?.text === name);
      if (!definition) throw new Error(`there is no ${name}`);
      return all(definition, 'switch_clause_condition')
        .map(({ text }) => text.replaceAll("'", ''))
        .filter((text) => text !== 'default');
    };
    expect(clauses('Test-HoldfastGuard').sort()).toEqual([...GUARDS].sort());
    expect([...clauses('Step-HoldfastAgentState'), 'allow'].sort()).toEqual([...STEPS].sort());
    expect(clauses('Complete-HoldfastDecision').sort()).toEqual([...ENDINGS].sort());
    const actions = [
      'start-encryption',
      'remove-protector',
      'forget-identity',
      'back-off',
      ...NEXT.map(({ action }) => action),
    ];
    expect(clauses('Invoke-HoldfastAction').sort()).toEqual(actions.sort());
  });

  it('start encryption and remove a protector in one place each, which only the decision table reaches', () => {
    const everything = ofTheAgent.map(({ text }) => text).join('\n');
    for (const name of ['Start-HoldfastEncryption', 'Remove-HoldfastRecoveryPassword', "-Method 'Encrypt'"])
      expect([name, everything.split(name).length - 1]).toEqual([name, name.startsWith('-') ? 1 : 2]);
    expect(/\bDecrypt\b|DisableKeyProtectors|DeleteKeyProtectors\b/.exec(everything)).toBeNull();
  });

  it('name settings and log entries that there are, and all of them', async () => {
    const read = async (name: string): Promise<unknown> =>
      JSON.parse(await readFile(path.join(AGENT, 'Holdfast.Agent', name), 'utf8'));
    const { settings } = z
      .object({ settings: z.array(z.object({ name: z.string() })) })
      .parse(await read('settings.json'));
    const { events } = z
      .object({ events: z.array(z.object({ name: z.string(), en: z.string(), es: z.string() })) })
      .parse(await read('events.json'));
    const everything = ofTheAgent.map(({ text }) => text).join('\n');
    const matches = (pattern: RegExp) =>
      [...new Set([...everything.matchAll(pattern)].map(([, name = '']) => name))].sort();
    const asked = matches(/(?:\$Settings|\$settings|\['settings'\])\['([A-Z][A-Za-z]+)'\]/g);
    expect(asked).toEqual(settings.map(({ name }) => name).sort());
    expect(matches(/Write-HoldfastEvent -Name '([a-z-]+)'/g)).toEqual(events.map(({ name }) => name).sort());
    for (const { en, es } of events) expect(es.match(/\{\d\}/g)?.sort()).toEqual(en.match(/\{\d\}/g)?.sort());
  });
});
