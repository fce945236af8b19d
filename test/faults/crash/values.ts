/** The values of the killed writer: a whole value can be told from half of one. */

/** The number of the first write of a run. Numbers grow from run to run and are never reused. */
export const firstOf = (run: number): number => run * 1_000_000

export interface Value {
  readonly key: string
  readonly n: number
  readonly padding: string
}

export const valueOf = (key: string, n: number): Value => ({ key, n, padding: paddingOf(key, n) })

const paddingOf = (key: string, n: number): string => `${key}/${n}/`.repeat(1 + ((n * 7919) % 400))

/** Whether `value` is a whole value of the key. */
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
