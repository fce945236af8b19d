/** Differences in values that are encrypted, or should be. */
import { failedWith, is } from "../answers.ts"
import * as python from "../python.ts"
import { type Fields, isByItsRules, isStrict, peeled, standard, stuck, urlSafe } from "./codecs.ts"
import type { Difference } from "./Difference.ts"
import { isReading } from "./entries.ts"

/** A difference where Python returns a value, and effect-kv fails, or returns a miss if the options ask for it. */
const ofEncryption = (
  id: string,
  applies: (observed: { readonly fields: Fields; readonly reason: string | undefined }) => boolean
): Difference => ({
  id,
  applies: (observed) => {
    if (!isReading(observed) || !isByItsRules(observed)) return false
    const at = stuck(observed)
    if (at?.wrapper !== "fernet") return false
    const { ours } = observed
    const isMiss = at.description.raise_on_decryption_error === false && is("Missing")(ours)
    if (!isMiss && !failedWith(ours, "DecryptionError")) return false
    return applies({ fields: at.fields, reason: is("Failed")(ours) ? ours.reason : undefined })
  }
})

/** The token in an encrypted value, by strict base64. */
const tokenOf = ({ __encrypted_data__: data }: Fields): string | undefined =>
  isStrict(data, standard) ? Buffer.from(data, "base64").toString("latin1") : undefined

export const differences: ReadonlyArray<Difference> = [
  ofEncryption(
    "plaintext",
    ({ fields, reason }) =>
      !Object.hasOwn(fields, "__encrypted_data__") && (reason ?? "not-encrypted") === "not-encrypted"
  ),
  ofEncryption(
    "encryption-version",
    ({ fields }) => Object.hasOwn(fields, "__encrypted_data__") && fields.__encryption_version__ !== 1
  ),
  ofEncryption("loose-base64", ({ fields }) => {
    const token = tokenOf(fields)
    return fields.__encryption_version__ === 1 && token !== undefined && !isStrict(token, urlSafe)
  }),
  {
    id: "null-inside",
    applies: (observed) => {
      if (!isReading(observed) || !is("Missing")(observed.python)) return false
      const { ours } = observed
      const { steps, value, violation } = peeled(observed)
      return is("Found")(ours) && ours.value === null && violation === undefined && value === null && steps.length > 0
    }
  },
  {
    id: "other-json-inside",
    applies: (observed) => {
      if (!isReading(observed) || !failedWith(observed.python, "TypeError")) return false
      const { steps } = peeled(observed)
      const at = steps.find(({ input }) => !python.isObject(input) && input !== undefined)
      const isMiss = at?.description.raise_on_decryption_error === false && is("Missing")(observed.ours)
      return at !== undefined && (is("Found")(observed.ours) || isMiss)
    }
  }
]
