import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { Driver } from "../../driver/Driver.ts"
import { idOf } from "../../internal/ids.ts"
import type { Lanes } from "../../internal/Lanes.ts"
import { pauses } from "../../internal/pauses.ts"
import type { KeyValueError } from "../../KeyValueError.ts"
import type { Journal, Pending } from "./Journal.ts"
import type { Meters } from "./Meters.ts"
import { replay } from "./replay.ts"

export interface Config {
  readonly primary: Driver
  readonly journal: Journal
  /** Writes about the same key wait for each other here, and so do replays. */
  readonly lanes: Lanes
  readonly meters: Meters
  readonly settleTime: number
  /** Pauses between one round and the next, in milliseconds. */
  readonly initialDelay: number
  readonly maxDelay: number
  readonly isOutage: (error: KeyValueError) => boolean
}

/** There is more to be done: the primary is not there, or something is not replayed yet. */
class NotYet extends Data.TaggedError("NotYet") {}

/** Brings what is in the journal to the primary, in rounds, when that is back. */
export class Recovery {
  /** Whether the primary failed, and has not answered since. */
  isDown = false
  private readonly isNeeded = Latch.makeUnsafe()
  private readonly config: Config

  constructor(config: Config) {
    this.config = config
    if (config.journal.size > 0) this.isNeeded.openUnsafe()
  }

  /** Leaves the primary alone until it answers again. */
  begin(): void {
    this.isDown = true
    this.isNeeded.openUnsafe()
  }

  /** Never ends. What has just failed is not asked at once: there is a pause before the first round, too. */
  get run(): Effect.Effect<never> {
    const { initialDelay, maxDelay } = this.config
    const rounds = Effect.delay(Effect.retry(this.round, pauses(initialDelay, maxDelay)), initialDelay)
    return Effect.forever(Effect.andThen(this.isNeeded.await, Effect.ignore(rounds)))
  }

  private get round(): Effect.Effect<void, NotYet> {
    const { journal } = this.config
    const each = (f: (pending: Pending) => Effect.Effect<void, unknown>) =>
      Effect.suspend(() => Effect.forEach(journal.inOrder(), f, { discard: true }))
    const all = Effect.gen({ self: this }, function* () {
      yield* each((pending) => this.compact(pending))
      if (this.isDown) yield* this.probe
      yield* each((pending) => this.replay(pending))
      if (this.isDown || journal.size > 0) return yield* new NotYet()
      this.isNeeded.closeUnsafe()
    })
    return Effect.catchCauseIf(
      all,
      (cause) => !Cause.hasInterrupts(cause),
      () => Effect.fail(new NotYet())
    ) as Effect.Effect<void, NotYet>
  }

  private get probe(): Effect.Effect<void, unknown> {
    const { journal, primary } = this.config
    const call = { ...journal.callOf("get", ["probe"]), _tag: "get", expiry: false, versioned: false } as const
    return Effect.map(primary.get(call), () => {
      this.isDown = false
    })
  }

  /** Removes slots that later ones have replaced. */
  private compact(pending: Pending): Effect.Effect<void, unknown> {
    return pending.slots.length < 2 ? Effect.void : this.settled(pending, this.config.journal.compact(pending))
  }

  /** An outage, or a failure of the journal, ends the round. After one of another kind the key stays where it is. */
  private replay(pending: Pending): Effect.Effect<void, unknown> {
    const { isOutage, journal } = this.config
    const brought = Effect.matchEffect(replay(this.config, pending), {
      onSuccess: (isThere) => (isThere ? journal.remove(pending) : Effect.void),
      onFailure: (error) => {
        if (!isOutage(error)) return this.tell(pending, error)
        this.isDown = true
        return Effect.fail(error)
      }
    })
    return this.settled(pending, brought)
  }

  private tell(pending: Pending, error: KeyValueError): Effect.Effect<void> {
    if (pending.isRefused) return Effect.void
    pending.isRefused = true
    return Effect.logWarning(
      "a write of an outage is refused by the primary store, and stays in the journal",
      error._tag
    )
  }

  /** Runs an effect in the key's turn, if it is pending still and nothing about it may be under way. */
  private settled<E>(pending: Pending, effect: Effect.Effect<void, E>): Effect.Effect<void, E> {
    const id = idOf(pending.collection, pending.key)
    return this.config.lanes.run(
      [id],
      Effect.clockWith((clock) =>
        this.config.journal.get(id) !== pending || clock.currentTimeMillisUnsafe() < pending.settlesAt
          ? Effect.void
          : effect
      )
    )
  }
}
