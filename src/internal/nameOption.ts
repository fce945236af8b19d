import * as Effect from "effect/Effect"
import type { StoreSetupError } from "../KeyValueError.ts"
import * as names from "./names.ts"
import * as options from "./options.ts"

/** An option that is a name in a store, or a part of names: anything else would be the name of other entries. */
export const nameOption = (
  module: string,
  name: string,
  value: string | undefined
): Effect.Effect<void, StoreSetupError> => {
  const problem = names.problemOf(value ?? "", "name")
  return problem === undefined ? Effect.void : options.invalid(module, `${name} cannot be a name: ${problem}`)
}
