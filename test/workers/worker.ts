import { DurableObject } from 'cloudflare:workers';

/** An empty object whose storage the tests use. */
export class TestObject extends DurableObject {}

export default {
  fetch(): Response {
    return new Response('This worker only hosts tests.', { status: 404 });
  },
};
