import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Redis from "../src/stores/Redis.ts"
import * as byHand from "./peers/byHand.ts"
import * as byHandInFibers from "./peers/byHandInFibers.ts"
import * as ioredis from "./peers/ioredis.ts"
import type { Place } from "./peers/Peer.ts"
import { ofLayer, ofPeer, type Store } from "./Store.ts"
import { secret } from "./secrets.ts"
import { stacks } from "./stacks.ts"

/** Opens the client alone, a stack of effect-kv, or the same work by hand, by its name. */
export const openOverRedis = (subject: string, place: Place): Effect.Effect<Store, unknown, Scope.Scope> => {
  const stack = stacks[subject]
  if (stack !== undefined) {
    const prefix = `${place.prefix}${subject.replaceAll(" ", "-")}:`
    return ofLayer(subject, stack.wrap(Redis.layer({ url: place.url, prefix, ...stack.options })))
  }
  if (subject === ioredis.alone) return ofPeer(() => ioredis.overRedis(place))
  const inFibers = byHandInFibers.stacksOverRedis(secret)[subject]
  return inFibers === undefined ? ofPeer(byHand.overRedis(place, secret)[subject]!) : inFibers(place)
}
