/** Checks that tokens equal those that Python makes with the same key, time and IV, and can be read. */
import { Effect } from "effect"
import * as fernet from "../../../src/codecs/fernet.ts"
import type { Finding } from "../case.ts"
import type { Token } from "../vectors.ts"

export const check = Effect.fnUntraced(function* ({
  key: text,
  timestamp,
  iv_hex,
  plaintext_base64,
  token
}: typeof Token.Type): Effect.fn.Return<Finding | undefined> {
  const key = fernet.parseKey(text)
  if (key === undefined) return { difference: `not a key: ${text}` }
  const made = fernet.format(yield* fernet.encrypt(key, plaintext_base64, timestamp * 1000, iv_hex))
  if (made !== token) return { difference: `encrypt: expected ${token}, found ${made}` }
  const parsed = fernet.parse(token)
  if (parsed === undefined) return { difference: `not a token: ${token}` }
  return yield* Effect.match(fernet.decrypt([key], parsed), {
    onFailure: (reason) => ({ difference: `decrypt: ${reason}` }),
    onSuccess: ({ message }) =>
      Buffer.compare(message, plaintext_base64) === 0 ? undefined : { difference: "decrypt: another message" }
  })
})
