import * as Effect from "effect/Effect"
import { isUnambiguous } from "../codecs/names.ts"
import { type NameCodec, prefixed } from "../driver/mapNames.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import * as options from "./options.ts"

/** What a prefix makes, once it is certain that no other prefix can make the same names. */
export const prefixing = <A>(
  module: string,
  prefix: string,
  separator = "__",
  make: (names: NameCodec) => A
): Effect.Effect<A, StoreSetupError> =>
  Effect.andThen(
    options.check(
      module,
      prefix !== "" && separator !== "" && isUnambiguous(prefix, separator),
      `the prefix ${JSON.stringify(prefix)} must not be empty, nor hold or end like the separator ${JSON.stringify(separator)}: its names could be another prefix's`
    ),
    () => Effect.succeed(make(prefixed(prefix + separator)))
  )
