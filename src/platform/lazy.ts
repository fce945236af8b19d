/** Makes a value on first use, not when the module is imported. */
export const lazy = <A extends object>(make: () => A): (() => A) => {
  let made: A | undefined
  return () => (made ??= make())
}
