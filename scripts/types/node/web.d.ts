// Types of web standards that browsers and workerd have as globals and @types/node has only inside its modules, so
// that shared/ compiles in the projects of Node as it stands.
import type { webcrypto } from 'node:crypto';

declare global {
  type CryptoKey = webcrypto.CryptoKey;
  type CryptoKeyPair = webcrypto.CryptoKeyPair;
  type JsonWebKey = webcrypto.JsonWebKey;
  type BufferSource = ArrayBufferView<ArrayBuffer> | ArrayBuffer;
  type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;
  type BodyInit = NonNullable<ConstructorParameters<typeof Response>[0]>;
}
