/** Whether two types are the same. The order of a union does not count. */
export type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export type True<T extends true> = T
