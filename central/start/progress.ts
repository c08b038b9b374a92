/** How far starting has come: moving on a terminal, plain lines anywhere else (a pipe, a log, a service). */
import { progress as bar, spinner } from '@clack/prompts';

export interface Step {
  /** `done` of `total` */
  at(done: number, total: number): void;
  done(text: string): void;
  failed(text: string): void;
}

export interface Progress {
  step(text: string, total?: number): Step;
  say(text: string): void;
}

/**
 * Clack reads the keyboard and, at Ctrl-C, ends the program on the spot. So it is used only where input is no
 * terminal, which is how `npm start` runs this program: then Ctrl-C stays a signal, and everything is stopped.
 */
export function makeProgress(
  input: { readonly isTTY?: boolean },
  output: { readonly isTTY?: boolean },
  write: (text: string) => void,
): Progress {
  return output.isTTY === true && input.isTTY !== true ? movingProgress(write) : plainProgress(write);
}

function movingProgress(write: (text: string) => void): Progress {
  return {
    say: (text) => {
      write(`${text}\n`);
    },
    step: (text, total) => {
      const shown = total === undefined ? spinner({ withGuide: false }) : null;
      const counted = total === undefined ? null : bar({ max: total, size: 24, withGuide: false });
      const either = shown ?? counted;
      let at = 0;
      either?.start(text);
      return {
        at: (done, of) => {
          counted?.advance(Math.max(0, done - at), `${text} ${done}/${of}`);
          at = Math.max(at, done);
        },
        done: (result) => either?.stop(result),
        failed: (result) => either?.error(result),
      };
    },
  };
}

function plainProgress(write: (text: string) => void): Progress {
  return {
    say: (text) => {
      write(`${text}\n`);
    },
    step: (text) => {
      write(`${text} ...\n`);
      return {
        at: () => undefined,
        done: (result) => {
          write(`${result}\n`);
        },
        failed: (result) => {
          write(`${result}\n`);
        },
      };
    },
  };
}
