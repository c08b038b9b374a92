/** A migration is imported as its text, by every bundler and test runner of this project. */
declare module '*.sql' {
  const text: string;
  export default text;
}
