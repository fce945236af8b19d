import type { Place } from "./place.ts"

/**
 * Returns the same error for another operation.
 *
 * Use it for work that several callers share: the error of a caller must not contain the keys of the other callers.
 */
export const atPlace = <E extends Place & Error>(error: E, { operation, collection, keys }: Place): E => {
  const { outcomeOfPart: _, ...fields } = error
  return new (error.constructor as new (fields: object) => E)({ ...fields, operation, collection, keys })
}
