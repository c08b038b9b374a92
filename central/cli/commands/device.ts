/** `holdfast device state`: what administrators say of a device. */
import type { Command } from 'commander';
import { z } from 'zod';
import { DEVICE_STATES, type DeviceState } from '../../../shared/domain/vocabulary.ts';
import type { Words } from '../../words/words.ts';
import { configure } from '../configuring.ts';
import { EXIT_OK, usage } from '../errors.ts';
import type { RunCommand } from '../program.ts';

const deviceState = z.enum(DEVICE_STATES);

export function deviceStateCommand(device: Command, run: RunCommand, words: Words): void {
  const { help, stateSet } = words.disclosure;
  device
    .command('state')
    .argument('<deviceId>', words.cli.help.device)
    .argument('<state>', help.state)
    .description(help.deviceState)
    .option('--reason <text>', help.why, '')
    .action((deviceId: string, named: string, { reason }: { reason: string }) =>
      run(async (context) => {
        const parsed = deviceState.safeParse(named);
        if (!parsed.success) throw usage(help.state);
        const state: DeviceState = parsed.data;
        await configure(context, 'device-state', deviceId, { state, reason }, { replace: true });
        context.answer({ deviceId, state, reason }, stateSet(deviceId, state));
        return EXIT_OK;
      }),
    );
}
