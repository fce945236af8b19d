/** Are two types the same? Unions in any order are. */
export type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export type True<T extends true> = T
