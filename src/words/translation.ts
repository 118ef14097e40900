/** What a file of another language has to be: the same keys, the same parameters, other words. */
export type Translation<T> = T extends string
  ? string
  : T extends (...args: infer Args) => infer Said
    ? (...args: Args) => Translation<Said>
    : T extends object
      ? { readonly [Key in keyof T]: Translation<T[Key]> }
      : T;
