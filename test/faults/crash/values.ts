/** The values of the writer that is killed. A partial value can be distinguished from a whole one. */

/** Each run numbers its writes above those of earlier runs. */
export const firstOf = (run: number): number => run * 1_000_000

export interface Value {
  readonly key: string
  readonly n: number
  readonly padding: string
}

export const valueOf = (key: string, n: number): Value => ({ key, n, padding: paddingOf(key, n) })

const paddingOf = (key: string, n: number): string => `${key}/${n}/`.repeat(1 + ((n * 7919) % 400))

/** Whether it is a whole value of the key. */
export const isWhole = (key: string, value: unknown): value is Value =>
  typeof value === "object" &&
  value !== null &&
  "n" in value &&
  typeof value.n === "number" &&
  "padding" in value &&
  value.padding === paddingOf(key, value.n)

export const batches = [0, 1, 2, 3].map((fiber) => ["a", "b", "c"].map((letter) => `batch-${fiber}-${letter}`))

export const singles = [0, 1, 2, 3].map((fiber) => [0, 1, 2, 3].map((i) => `single-${fiber}-${i}`))

export const allKeys = [...batches.flat(), ...singles.flat()]
