/** What scripts/assets.mjs makes of the files that a node serves to browsers, by name. */
declare module '#assets' {
  export const assets: Readonly<
    Record<
      string,
      { /** the name with a hash of the content in it */ readonly file: string; readonly text: string }
    >
  >;
}
