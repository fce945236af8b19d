import * as Effect from "effect/Effect"
import type { JsonObject } from "../values.ts"

/** The load of the key that is asked for, of caches with one lookup for all keys, given when they are made. */
export type Loads = Map<string, Effect.Effect<JsonObject>>

export const looking = (loads: Loads, key: string) => Effect.suspend(() => loads.get(key)!)
