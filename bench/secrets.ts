import { randomBytes } from "node:crypto"
import * as Redacted from "effect/Redacted"

/** The bytes of the key that everybody encrypts with. */
export const secret = randomBytes(32)

/** The same as the wrappers take it. */
export const encryptionKey = Redacted.make(secret.toString("base64url").padEnd(44, "="))
