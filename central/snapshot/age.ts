/** Files encrypted to age recipients (https://age-encryption.org/v1), streamed: the `age` program reads them as well. */
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable, Writable } from 'node:stream';
import { Decrypter, Encrypter } from 'age-encryption';
import { FaultError, fault } from '../words/fault.ts';

/** A file that none of the given identities opens, or that is not an age file, or a damaged one. */
export class AgeError extends FaultError {
  override readonly name = 'AgeError';
}

export async function encryptFile(from: string, to: string, recipients: readonly string[]): Promise<void> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  await pipe(from, to, (source) => encrypter.encrypt(source));
}

export async function decryptFile(from: string, to: string, identities: readonly string[]): Promise<void> {
  const decrypter = new Decrypter();
  try {
    // A line that is no identity throws as well.
    for (const identity of identities) decrypter.addIdentity(identity);
    await pipe(from, to, (source) => decrypter.decrypt(source));
  } catch (error) {
    // A disk that is full says nothing about the file.
    if (error instanceof Error && 'syscall' in error) throw error;
    throw new AgeError(fault('notOpened'));
  }
}

/** An age identity file, as age-keygen writes it: comments and `AGE-SECRET-KEY-1…` lines. */
export async function readAgeIdentities(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

async function pipe(
  from: string,
  to: string,
  through: (source: ReadableStream<Uint8Array>) => Promise<ReadableStream<Uint8Array>>,
): Promise<void> {
  const source: ReadableStream<Uint8Array> = Readable.toWeb(
    createReadStream(from, { highWaterMark: 1024 * 1024 }),
  );
  const sink: WritableStream<Uint8Array> = Writable.toWeb(
    createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true }),
  );
  const stream = await through(source);
  await stream.pipeTo(sink);
}
