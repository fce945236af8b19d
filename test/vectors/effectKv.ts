import { readFileSync } from "node:fs"
import type { Algorithm as AeadAlgorithm } from "../../src/codecs/aead.ts"
import type { Algorithm } from "../../src/codecs/compressed.ts"
import type { Envelope } from "../../src/codecs/envelope.ts"
import type { Format } from "../../src/codecs/managedEntry.ts"

/** A codec with all of its inputs. Times are milliseconds since the epoch, keys are URL-safe base64. */
export type Layer =
  | { readonly codec: "compression"; readonly algorithm: Algorithm; readonly envelope: Envelope }
  | {
      readonly codec: "fernet"
      readonly key: string
      readonly envelope: Envelope
      readonly time: number
      readonly iv_hex: string
    }
  | {
      readonly codec: "aead"
      readonly algorithm: AeadAlgorithm
      readonly key_id: string
      readonly key: string
      readonly store_id: string
      readonly nonce_hex: string
    }

/** An entry, and the bytes that this library stores for it. */
export interface Vector {
  readonly id: string
  readonly collection: string
  readonly key: string
  readonly created_at: number | null
  readonly expires_at: number | null
  /** The value as JSON, or as bytes in the next field. */
  readonly value_json?: string
  readonly value_base64?: string
  /** In the order of writing: the store gets the output of the last one. */
  readonly codecs: ReadonlyArray<Layer>
  readonly format: Format
  /** Whether a frame contains the names. */
  readonly frame_names: boolean
  readonly stored_base64: string
}

const file = new URL("effect-kv.json", import.meta.url)

export const vectors = JSON.parse(readFileSync(file, "utf8")) as ReadonlyArray<Vector>
