/** Differences in options that effect-kv refuses when a layer is built. */
import { failedWith } from "../answers.ts"
import type { Difference } from "./Difference.ts"

export const differences: ReadonlyArray<Difference> = [
  {
    id: "refused-names",
    applies: (observed) =>
      observed.kind !== "kdf" &&
      failedWith(observed.ours, "StoreSetupError") &&
      observed.stack.some(
        ({ wrapper, single_collection, separator }) =>
          wrapper === "single_collection" &&
          (single_collection === "" ||
            !isPunctuation(typeof separator === "string" && separator !== "" ? separator : "__"))
      )
  },
  {
    id: "blank-secret",
    applies: (observed) =>
      observed.kind === "kdf" &&
      failedWith(observed.ours, "StoreSetupError") &&
      [observed.passphrase, observed.salt].some((text) => text.trim() === "")
  }
]

const isPunctuation = (separator: string): boolean => /^[!-$&-/:-@[-`{-~]/.test(separator)
