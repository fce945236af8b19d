import { randomBytes } from "node:crypto"
import * as Redacted from "effect/Redacted"

/** The bytes of the key that all candidates encrypt with. */
export const secret = randomBytes(32)

/** The same key in the form that the wrappers take. */
export const encryptionKey = Redacted.make(secret.toString("base64url").padEnd(44, "="))
