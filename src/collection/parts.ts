import type * as Duration from "effect/Duration"
import type * as KeyValue from "../KeyValue.ts"
import type { Codec } from "./codec.ts"

/** What the operations of a collection have in common. */
export interface Parts<A, K, RD, RE> {
  readonly kv: KeyValue.Service
  readonly collection: string
  readonly codec: Codec<A, K, RD, RE>
  /** TTL of the entries. */
  readonly ttl: Duration.Input | undefined
  readonly onInvalid: "fail" | "miss"
}
