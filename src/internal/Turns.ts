import * as Effect from "effect/Effect"
import * as Hash from "effect/Hash"
import * as Semaphore from "effect/Semaphore"
import { isShared } from "./request.ts"

/**
 * Lets effects about the same name run one after the other, within this process.
 *
 * Names share a fixed number of places, so that none is kept in memory. Where requests share nothing, effects do not wait
 * for each other: a request that is ended would never give its place back.
 */
export class Turns {
  private readonly places = Array.from({ length: 64 }, () => Semaphore.makeUnsafe(1))

  take<A, E, R>(name: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.withFiber((fiber) => {
      if (!isShared(fiber)) return effect
      const place = this.places[Math.abs(Hash.string(name)) % this.places.length]!
      return place.withPermit(effect)
    })
  }
}
