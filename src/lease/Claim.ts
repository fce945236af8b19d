import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { idOf } from "../driver/ids.ts"
import type { AtomicDriver } from "../driver/service/change.ts"
import {
  LeaseLostError,
  type LeaseLostReason,
  type LeaseUnavailableError,
  type Place,
  type ReadError,
  type WriteError
} from "../KeyValueError.ts"
import { monotonicMillis } from "../time/clock.ts"
import type { Json } from "../Value.ts"
import type { LeaseRecord } from "./record.ts"
import type { Rules } from "./rules.ts"

/** How a lease is acquired and kept. Times are in milliseconds. */
export interface Config {
  readonly ttl: number
  /** How long to wait for another holder. */
  readonly wait: number
  /** TTL of the entry after the release. Default: it never expires. */
  readonly forgetAfter?: number | undefined
  /** TTL of the entry while the lease is held. Default: it never expires, because no clock of a store is trusted. */
  readonly forgetHeldAfter?: number | undefined
  /** Whether a note of an earlier holder ends the attempt instead of being replaced. */
  readonly readsNotes?: boolean | undefined
}

/** The errors of acquiring a lease. */
export type AcquireError = ReadError | WriteError | LeaseUnavailableError

/** How an attempt ended: the lease is held, or an earlier holder has left a note. */
export type Grant = { readonly _tag: "held"; readonly token: number } | { readonly _tag: "note"; readonly note: Json }

/** The state of one attempt to acquire a lease, and of the lease afterwards. */
export class Claim {
  readonly driver: AtomicDriver
  readonly place: Place
  readonly config: Config
  readonly rules: Rules
  readonly id: string
  /** Another id for each attempt, by which an attempt recognizes a write whose reply was lost. */
  readonly owner = crypto.randomUUID()
  readonly granted = Deferred.makeUnsafe<Grant, AcquireError>()
  readonly lost = Deferred.makeUnsafe<never, LeaseLostError>()
  /** Completed when the holder ends the lease with a note. */
  readonly ending = Deferred.makeUnsafe<void>()
  readonly ended = Deferred.makeUnsafe<void, ReadError | WriteError | LeaseLostError>()
  stage: "queued" | "contending" | "held" | "ended" = "queued"
  /** Whether a write was sent that may have acquired the lease. */
  mayOwn = false
  token = 0
  /** What the holder leaves behind. */
  note: Json | undefined
  readonly startedAt: number
  /** When the store was asked last before the lease was granted. */
  lookedAt = Number.NEGATIVE_INFINITY
  private readonly clock: Clock.Clock
  private readonly sent = new Map<number, number>()
  private beat = 0
  private renewedAt = Number.NEGATIVE_INFINITY
  private validUntil = Number.NEGATIVE_INFINITY

  constructor(fiber: Fiber.Fiber<unknown, unknown>, driver: AtomicDriver, place: Place, config: Config, rules: Rules) {
    this.clock = fiber.getRef(Clock.Clock)
    this.startedAt = this.now
    this.driver = driver
    this.place = place
    this.config = config
    this.rules = rules
    this.id = idOf(place.collection, place.keys[0]!)
  }

  get now(): number {
    return monotonicMillis(this.clock)
  }

  get wallNow(): number {
    return this.clock.currentTimeMillisUnsafe()
  }

  /** How long the holder may still believe that it holds the lease. */
  get timeLeft(): number {
    return this.validUntil - this.now
  }

  get renewsIn(): number {
    return this.renewedAt + this.config.ttl / 3 - this.now
  }

  get isHeld(): boolean {
    return this.stage === "held" && this.timeLeft > 0
  }

  get whenLost(): Effect.Effect<never, LeaseLostError> {
    return Effect.suspend(() =>
      // The keeper notices after its next timer that the time is over. The holder need not wait for that.
      this.stage === "held" && this.timeLeft <= 0 ? Effect.fail(this.lostBecause("expired")) : Deferred.await(this.lost)
    )
  }

  /** Makes the record of the next acquisition or renewal, which is about to be sent. */
  next(token: number): LeaseRecord {
    const { owner, config } = this
    this.mayOwn = true
    this.sent.set(++this.beat, this.now)
    return { token, owner, beat: this.beat, ttl: config.ttl }
  }

  /** Notes that the store has a record of this attempt. Returns whether the lease is still valid. */
  confirm({ token, beat }: LeaseRecord): boolean {
    const sentAt = this.sent.get(beat) ?? Number.NEGATIVE_INFINITY
    this.token = token
    this.renewedAt = sentAt
    this.validUntil = this.rules.validUntil({ sentAt, answeredAt: this.now }, this.config.ttl)
    for (const earlier of this.sent.keys()) if (earlier < beat) this.sent.delete(earlier)
    return this.timeLeft > 0
  }

  grant(grant: Grant): void {
    this.stage = grant._tag === "held" ? "held" : "ended"
    Deferred.doneUnsafe(this.granted, Effect.succeed(grant))
  }

  finish(note: Json): void {
    this.note = note
    Deferred.doneUnsafe(this.ending, Effect.void)
  }

  lose(reason: LeaseLostReason): void {
    this.stage = "ended"
    // Nothing is released: the entry lapses, and the holder has the rest of the TTL to stop.
    this.mayOwn = false
    const lost = Effect.fail(this.lostBecause(reason))
    Deferred.doneUnsafe(this.lost, lost)
    Deferred.doneUnsafe(this.ended, lost)
  }

  lostBecause(reason: LeaseLostReason): LeaseLostError {
    return new LeaseLostError({ ...this.place, reason, token: this.token })
  }
}
