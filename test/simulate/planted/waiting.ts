/** Wrappers in which callers wait for each other, with mistakes that other libraries have made. */
import { Clock, Duration, Effect } from "effect"
import { Driver, KeyValueError } from "effect-kv"

type Resume = (effect: Effect.Effect<void>) => void

interface Mistakes {
  /** The place is taken one step before the finalizer that gives it back exists. */
  readonly takenOutside?: boolean
  /** The leaving caller runs the next one instead of waking it, until the call stack is full. */
  readonly synchronous?: boolean
  /** Callers that wait when the layer is closed are never woken. */
  readonly forgetsWaiters?: boolean
}

/**
 * How many callers may run inside each other before a mistaken queue throws, as a full call stack does. A stack that is really
 * full throws at any step, even in Effect's scheduler. Then the run would end in another way on each machine, or never.
 */
const maxDepth = 20

/** Runs a limited number of effects at a time, in the order in which they came. */
class Queue {
  private readonly waiting: Array<Resume> = []
  private free: number
  private isClosed = false
  private depth = 0
  private readonly mistakes: Mistakes

  constructor(free: number, mistakes: Mistakes) {
    this.free = free
    this.mistakes = mistakes
  }

  run<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    let taken = false
    const take = Effect.callback<void>((resume) => {
      const onTurn: Resume = (effect) => {
        taken = true
        resume(this.mistakes.synchronous ? effect : Effect.yieldNow)
      }
      if (this.free > 0) {
        this.free--
        onTurn(Effect.void)
        return
      }
      this.waiting.push(onTurn)
      return Effect.sync(() => {
        const index = this.waiting.indexOf(onTurn)
        if (index !== -1) this.waiting.splice(index, 1)
      })
    })
    const leave = Effect.sync(() => {
      if (!taken) return
      const next = this.isClosed && this.mistakes.forgetsWaiters ? undefined : this.waiting.shift()
      if (next === undefined) this.free++
      else this.wake(next)
    })
    return this.mistakes.takenOutside
      ? Effect.flatMap(take, () => Effect.ensuring(effect, leave))
      : Effect.ensuring(Effect.andThen(take, effect), leave)
  }

  private wake(next: Resume): void {
    if (this.mistakes.synchronous && this.depth === maxDepth) throw new RangeError("Maximum call stack size exceeded")
    this.depth++
    next(Effect.void)
    this.depth--
  }

  /** Lets all waiters continue, unless the mistake forgets them. */
  close(): void {
    this.isClosed = true
    if (this.mistakes.forgetsWaiters) return
    for (const resume of this.waiting.splice(0)) resume(Effect.void)
  }
}

/** Writes of the same key run one at a time. */
export const lanes = (mistakes: Mistakes) =>
  Driver.wrapperEffect(
    Effect.sync(() => {
      const queues = new Map<string, Queue>()
      const inTurn = <A, E>(keys: ReadonlyArray<string>, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
        [...new Set(keys)].sort().reduceRight((inner, key) => {
          const queue = queues.get(key) ?? new Queue(1, mistakes)
          queues.set(key, queue)
          return queue.run(inner)
        }, effect)
      return Driver.around((call, next) =>
        Driver.isWrite(call) && "keys" in call
          ? inTurn(
              call.keys,
              Effect.suspend(() => next(call))
            )
          : next(call)
      )
    })
  )

/** Runs at most `places` calls at a time. */
export const bulkhead = (places: number, mistakes: Mistakes) =>
  Driver.wrapperEffect(
    Effect.gen(function* () {
      const queue = new Queue(places, mistakes)
      yield* Effect.addFinalizer(() => Effect.sync(() => queue.close()))
      return Driver.around((call, next) => queue.run(Effect.suspend(() => next(call))))
    })
  )

/** Starts one call every `millis` milliseconds. Without `givesBack`, interrupted callers keep their turn. */
export const rateLimit = (millis: number, { givesBack }: { readonly givesBack: boolean }) =>
  Driver.wrapperEffect(
    Effect.sync(() => {
      let taken = 0
      return Driver.around((call, next) =>
        Effect.flatMap(Clock.monotonicTimeNanos, (nanos) => {
          const now = Number(nanos / 1_000_000n)
          const turn = Math.max(taken, now)
          taken = turn + millis
          const giveBack = Effect.sync(() => {
            taken -= millis
          })
          const wait = Effect.sleep(turn - now)
          return Effect.andThen(givesBack ? Effect.onInterrupt(wait, () => giveBack) : wait, next(call))
        })
      )
    })
  )

/** A time limit that is measured by the wall clock. */
export const wallClockTimeout = (millis: number) =>
  Driver.wrapper(
    Driver.around((call, next) =>
      Effect.flatMap(Clock.currentTimeMillis, (begun) => {
        const over: Effect.Effect<void> = Effect.flatMap(Clock.currentTimeMillis, (now) =>
          now - begun >= millis ? Effect.void : Effect.andThen(Effect.sleep(50), over)
        )
        const failure = new KeyValueError.TimeoutError({ ...call.place, duration: Duration.millis(millis) })
        return Effect.raceFirst(next(call), Effect.andThen(over, Effect.fail(failure)))
      })
    )
  )

/** Lets one probe through after an outage, and never closes again if the predicate throws. */
export const circuit = (isFailure: (error: unknown) => boolean) =>
  Driver.wrapperEffect(
    Effect.sync(() => {
      let failures = 0
      let openUntil = 0
      let probing = false
      return Driver.around(<C extends Driver.Call, A, E>(call: C, next: Driver.Next<C, A, E>) =>
        Effect.flatMap(Clock.monotonicTimeNanos, (nanos): Effect.Effect<A, E | KeyValueError.StoreUnavailableError> => {
          const now = Number(nanos / 1_000_000n)
          const isOpen = failures >= 2
          if (isOpen && (probing || now < openUntil))
            return Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "open", sent: false }))
          if (isOpen) probing = true
          const settle = (failed: boolean) => {
            failures = failed ? failures + 1 : 0
            openUntil = now + 100
            probing = false
          }
          return next(call).pipe(
            Effect.tap(() => Effect.sync(() => settle(false))),
            Effect.tapError((error) => Effect.sync(() => settle(isFailure(error)))),
            Effect.onInterrupt(() => Effect.sync(() => settle(true)))
          )
        })
      )
    })
  )
