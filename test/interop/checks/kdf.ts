/** Checks that keys are derived as Python derives them. */
import { Effect } from "effect"
import { answerOf, differ, Found, foundOrMissing } from "../answers.ts"
import type { Finding } from "../case.ts"
import { Secrets } from "../secrets.ts"
import type { Derivation } from "../vectors.ts"

export const check = Effect.fnUntraced(function* ({
  source_material,
  salt,
  fernet_key
}: typeof Derivation.Type): Effect.fn.Return<Finding | undefined, never, Secrets> {
  const { derive } = yield* Secrets
  const ours = yield* answerOf(derive(source_material, salt), foundOrMissing)
  const difference = differ(Found({ value: fernet_key }), ours)
  const observed = { kind: "kdf", passphrase: source_material, salt, ours } as const
  return difference === undefined ? undefined : { difference, observed }
})
