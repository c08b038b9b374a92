/** A token is shown once, or written to a file; nodes keep only its hash. */
import type { Context } from './context.ts';
import { writeNewSecret } from './private-file.ts';

export async function giveToken(
  context: Context,
  token: string,
  out: string | undefined,
  facts: { readonly id: string } & Readonly<Record<string, unknown>>,
): Promise<void> {
  const { cli } = context.words;
  if (out === undefined) {
    context.answer(
      { ...facts, token },
      [cli.configured(facts.id), '', `    ${token}`, '', cli.tokenOnce].join('\n'),
    );
    return;
  }
  await writeNewSecret(out, `${token}\n`, context.words);
  context.answer({ ...facts, tokenFile: out }, [cli.configured(facts.id), cli.tokenIn(out)].join('\n'));
}
