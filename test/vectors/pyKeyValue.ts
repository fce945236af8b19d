import { readFileSync } from "node:fs"

/** The parts of the vectors of the real py-key-value that tests use. */
export interface Vectors {
  readonly meta: { readonly keys: { readonly K3: string; readonly derived: string } }
  readonly kdf: ReadonlyArray<{ readonly source_material: string; readonly salt: string; readonly fernet_key: string }>
  readonly fernet_deterministic: ReadonlyArray<{
    readonly key: string
    readonly timestamp: number
    readonly iv_hex: string
    readonly plaintext_base64: string
    readonly token: string
  }>
  readonly vectors: ReadonlyArray<{
    readonly id: string
    readonly stack: ReadonlyArray<{ readonly default_collection?: string | null }>
    readonly collection: string | null
    readonly key: string
    readonly value_json: string
    readonly redis: { readonly key_base64: string; readonly value_base64: string }
  }>
}

const file = new URL("py-key-value.json", import.meta.url)

export const pyKeyValue = JSON.parse(readFileSync(file, "utf8")) as Vectors
