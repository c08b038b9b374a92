/** The program's version, as pages, answers and the protocol's openapi document name it. */
export const VERSION = '0.1.0';
