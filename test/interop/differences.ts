/**
 * Where effect-kv differs from py-key-value on purpose. Each difference has a line in `docs/reference/wire-format.md`. It applies
 * because of the data of a case, never because of its name.
 */
import * as compression from "./differences/compression.ts"
import type { Difference, Observed } from "./differences/Difference.ts"
import * as encryption from "./differences/encryption.ts"
import * as entries from "./differences/entries.ts"
import * as numbers from "./differences/numbers.ts"
import * as setup from "./differences/setup.ts"

export const differences: ReadonlyArray<Difference> = [
  ...setup.differences,
  ...entries.differences,
  ...numbers.differences,
  ...compression.differences,
  ...encryption.differences
]

/** The id of the documented difference that the data shows, if any. */
export const documented = (observed: Observed): string | undefined =>
  differences.find(({ applies }) => applies(observed))?.id
