/** Derives each key from its passphrase only once, because it takes a few tenths of a second. */
import { Cache, Context, Effect, Layer, Redacted } from "effect"
import type { StoreSetupError } from "../../src/KeyValueError.ts"
import { deriveKey } from "../../src/wrappers/FernetEncryption.ts"

export class Secrets extends Context.Service<
  Secrets,
  { readonly derive: (passphrase: string, salt: string) => Effect.Effect<string, StoreSetupError> }
>()("test/interop/Secrets") {
  static readonly layer = Layer.effect(
    Secrets,
    Effect.map(
      Cache.make({
        capacity: 1000,
        lookup: (secret: string) => {
          const [passphrase, salt] = JSON.parse(secret) as [string, string]
          return Effect.map(deriveKey({ passphrase: Redacted.make(passphrase), salt }), Redacted.value)
        }
      }),
      (cache) => ({ derive: (passphrase, salt) => Cache.get(cache, JSON.stringify([passphrase, salt])) })
    )
  )
}
