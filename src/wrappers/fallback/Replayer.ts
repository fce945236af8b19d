import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Option from "effect/Option"
import type { Lanes } from "../../concurrency/Lanes.ts"
import * as Calls from "../../driver/Calls.ts"
import type { Driver } from "../../driver/Driver.ts"
import { idOf } from "../../driver/ids.ts"
import { errorOf } from "../../driver/outcome.ts"
import type { KeyValueError } from "../../KeyValueError.ts"
import { withoutBudget } from "../../time/budget.ts"
import { now } from "../../time/clock.ts"
import { pauses } from "../../time/pauses.ts"
import type { Pending } from "./Index.ts"
import type { Journal } from "./Journal.ts"
import { Round } from "./Round.ts"
import { JournalFailure, replay } from "./replay.ts"

export interface Config {
  /** The primary store for work in the background: no operation of it takes forever. */
  readonly primary: Driver
  readonly journal: Journal
  /** Writes of the same key wait for each other here, and so do replays. */
  readonly lanes: Lanes
  /** Pauses between one round and the next, in milliseconds. */
  readonly initialDelay: number
  readonly maxDelay: number
  readonly isOutage: (error: KeyValueError) => boolean
  /** Called when an outage begins or ends, and when everything is replayed. */
  readonly onChange: () => void
}

/** Another round is needed: the primary is down, or the journal is not empty. */
class NotYet extends Data.TaggedError("NotYet") {}

/** How many keys are replayed at a time, so that one whose replay hangs does not stop the others. */
const concurrency = 8

/** Replays the journal to the primary, in rounds, when the primary is back. */
export class Replayer {
  private down = false
  private readonly config: Config

  constructor(config: Config) {
    this.config = config
  }

  /** Whether the primary failed, and has not answered since. */
  get isDown(): boolean {
    return this.down
  }

  private set isDown(isDown: boolean) {
    if (isDown === this.down) return
    this.down = isDown
    this.config.onChange()
  }

  /** Begins to probe the primary. Writes go to the journal until it answers again. */
  noteOutage(): void {
    this.isDown = true
    this.config.journal.isReplayNeeded.openUnsafe()
  }

  /** Never ends, whatever fails. */
  get run(): Effect.Effect<void> {
    return withoutBudget(Effect.all([this.replaying, this.compacting], { concurrency: "unbounded", discard: true }))
  }

  /** There is a pause before the first round, too, since the primary has just failed. */
  private get replaying(): Effect.Effect<never> {
    const { journal, initialDelay, maxDelay } = this.config
    const rounds = Effect.delay(Effect.retry(this.round, pauses(initialDelay, maxDelay)), initialDelay)
    return Effect.forever(Effect.andThen(journal.isReplayNeeded.await, Effect.ignore(rounds)))
  }

  /** Removes slots that later ones have replaced: after a pause, or as soon as there are many. */
  private get compacting(): Effect.Effect<never> {
    const { journal, initialDelay, maxDelay } = this.config
    const compact = Effect.retry(
      Effect.catchCause(journal.compact, () => new NotYet()),
      pauses(initialDelay, maxDelay)
    )
    const pause = Effect.timeoutOption(journal.extra.isCrowded.await, initialDelay)
    return Effect.forever(
      journal.extra.hasReplaced.await.pipe(Effect.andThen(pause), Effect.andThen(Effect.ignore(compact)))
    )
  }

  private get round(): Effect.Effect<void, NotYet> {
    const { journal } = this.config
    return Effect.suspend(() => {
      const round = new Round()
      const all = Effect.gen({ self: this }, function* () {
        if (this.isDown) yield* this.probe(round)
        if (!this.isDown) yield* this.replayAll(round)
        if (round.showsOutage) this.isDown = true
        if (this.isDown || journal.size > 0) return yield* new NotYet()
        journal.isReplayNeeded.closeUnsafe()
        this.config.onChange()
      })
      return Effect.catchCause(all, (cause) =>
        Effect.andThen(Cause.hasFails(cause) ? Effect.void : round.report(cause), Effect.fail(new NotYet()))
      )
    })
  }

  /** Asks the primary for a key. Any answer shows that it is back, also a failure that is no outage. */
  private probe(round: Round): Effect.Effect<void> {
    const { journal, primary } = this.config
    const place = journal.config.slots.place("get", ["probe"])
    return Effect.matchCauseEffect(primary.get(Calls.get(place)), {
      onSuccess: () => Effect.sync(() => void (this.isDown = false)),
      onFailure: (cause) => Effect.map(this.isOutage(cause, round), (is) => void (this.isDown = is))
    })
  }

  /** Replays the keys whose lanes are free, and then the others. */
  private replayAll(round: Round): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      const { journal, lanes, maxDelay } = this.config
      const busy: Array<Pending> = []
      const free = some(journal.due(now(fiber)), (pending) => {
        if (round.isOver) return Effect.void
        const lane = laneOf(pending)
        if (lanes.areFree(lane)) return lanes.run(lane, this.replay(pending, round))
        busy.push(pending)
        return Effect.void
      })
      // Behind a write that hangs, the turn of a key may never come.
      const others = some(busy, (pending) => lanes.runWithin(laneOf(pending), maxDelay, this.replay(pending, round)))
      return Effect.andThen(free, others)
    })
  }

  /** Replays a key, if it is still pending and no write of it may be under way. Callers hold its lane. */
  private replay(pending: Pending, round: Round): Effect.Effect<void> {
    return Effect.withFiber((fiber) =>
      round.isOver || pending.link === undefined || now(fiber) < pending.settlesAt
        ? Effect.void
        : Effect.matchCauseEffect(replay(this.config.primary, this.config.journal, pending), {
            onSuccess: () => Effect.sync(() => round.answered()),
            onFailure: (cause) => this.failed(pending, cause, round)
          })
    )
  }

  /** A key that failed is tried again in later rounds, after the others. */
  private failed(
    pending: Pending,
    cause: Cause.Cause<KeyValueError | JournalFailure>,
    round: Round
  ): Effect.Effect<void> {
    pending.hasFailed = true
    const error = Option.getOrUndefined(Cause.findErrorOption(cause))
    if (error instanceof JournalFailure) return Effect.sync(() => round.failed(false))
    return Effect.flatMap(this.isOutage(cause as Cause.Cause<KeyValueError>, round), (isOutage) => {
      if (!isOutage) round.answered()
      else round.failed(error !== undefined)
      return isOutage || error === undefined ? Effect.void : tell(pending, error)
    })
  }

  /** Whether a failure shows an outage. An exception of `fallbackOn`, and a defect of the store, are logged and count as one. */
  private isOutage(cause: Cause.Cause<KeyValueError>, round: Round): Effect.Effect<boolean> {
    const error = errorOf(cause)
    const is = error === undefined ? Effect.failCause(cause) : Effect.sync(() => this.config.isOutage(error))
    return Effect.catchCause(is, (defect) => Effect.as(round.report(defect), true))
  }
}

const laneOf = ({ collection, key }: Pending): ReadonlyArray<string> => [idOf(collection, key)]

const tell = (pending: Pending, error: KeyValueError): Effect.Effect<void> => {
  if (pending.isRefused) return Effect.void
  pending.isRefused = true
  return Effect.logWarning("a write of an outage is refused by the primary store, and stays in the journal", error._tag)
}

/** Runs an effect for each item, some of them at a time. Other fibers run in between. */
const some = <A>(items: ReadonlyArray<A>, f: (item: A) => Effect.Effect<void>): Effect.Effect<void> =>
  Effect.suspend(() => {
    let next = 0
    const worker = Effect.whileLoop({
      while: () => next < items.length,
      body: () => f(items[next++]!),
      step: constVoid
    })
    const workers = Array.from({ length: Math.min(concurrency, items.length) }, () => worker)
    return Effect.all(workers, { concurrency: "unbounded", discard: true })
  })
