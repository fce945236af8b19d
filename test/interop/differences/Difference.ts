/** A difference, and the data of a case that shows it. */
import type { Answer } from "../answers.ts"
import type { Stack } from "../vectors.ts"

/** A passphrase. */
export interface Deriving {
  readonly kind: "kdf"
  readonly passphrase: string
  readonly salt: string
  readonly ours: Answer
}

/** Stored bytes that were read. */
export interface Reading {
  readonly kind: "read" | "raw"
  readonly stack: Stack
  readonly stored: Uint8Array
  readonly python: Answer
  readonly ours: Answer
}

/** A value that was written, as JSON of Python. */
export interface Writing {
  readonly kind: "write"
  readonly stack: Stack
  readonly text: string
  readonly ours: Answer
}

/** A write whose bytes must equal those of Python. */
export interface Copying {
  readonly kind: "bytes"
  readonly stack: Stack
  readonly text: string
  /** Seconds. */
  readonly ttl: number | null
  readonly stored: Uint8Array
  readonly ours: Answer
  /** The bytes that effect-kv stored, if it did. */
  readonly written?: Uint8Array
}

export type Observed = Deriving | Reading | Writing | Copying

export interface Difference {
  readonly id: string
  readonly applies: (observed: Observed) => boolean
}
