/** The version after this one: the bundler gives this module a copy of the production code with the changes of `upgrade.ts`. */
export * from './program.ts';
