/** What our stores do, by hand and as effects: the floor of what they can cost where their callers are fibers. */
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"
import { Redis } from "ioredis"
import { ofEffects } from "../Store.ts"
import { managedEntry } from "./byHand.ts"
import type { Place } from "./Peer.ts"
import { measured } from "./policiesByHand.ts"

export const entriesInFibers = "managed entries by hand, in a fiber"
export const policiesInFibers = "managed entries and policies by hand, in fibers, reads coalesced"

const clientOf = (url: string) =>
  Effect.acquireRelease(
    Effect.sync(() => new Redis(url)),
    (client) => Effect.sync(() => client.disconnect())
  )

/** The answer of a promise, as what is made of it. */
const ask = <A, B>(promise: () => Promise<A>, answer: (reply: A) => B): Effect.Effect<B, Error> =>
  Effect.callback((resume) => {
    promise().then(
      (reply) => resume(Effect.succeed(answer(reply))),
      (error) => resume(Effect.fail(error))
    )
  })

const decode = (stored: Buffer | null): unknown => (stored === null ? undefined : managedEntry.decode(stored))

/** Entries as our store has them. */
export const entriesOverRedis = ({ url, prefix }: Place) =>
  Effect.map(clientOf(url), (client) => {
    const name = (key: string) => `${prefix}${entriesInFibers}:${key}`
    return ofEffects(entriesInFibers, {
      get: (key) => ask(() => client.getBuffer(name(key)), decode),
      set: (key, value) => ask(() => client.set(name(key), managedEntry.encode(value)), ignore),
      getMany: (keys) =>
        ask(
          () => client.mgetBuffer(keys.map(name)),
          (all) => all.map(decode)
        ),
      setMany: (entries) =>
        ask(() => client.mset(entries.flatMap(([key, value]) => [name(key), managedEntry.encode(value)])), ignore)
    })
  })

const ignore = () => undefined

/** Repeats what fails, takes the time of each operation, and opens a span where somebody traces. */
const underPolicies = <A>(operation: Effect.Effect<A, Error>, isRead: boolean): Effect.Effect<A, Error> =>
  Effect.withFiber(({ cache: { tracer } }) => {
    const retried = Effect.catchIf(
      operation,
      () => true,
      () => Effect.retry(operation, { times: 2 })
    )
    const all = measured(() => retried, isRead)
    return tracer === undefined || tracer === Tracer.nativeTracer ? all : Effect.withSpan(all, "operation")
  })

interface Reader {
  readonly name: string
  readonly resume: (answer: Effect.Effect<unknown, Error>) => void
}

/** Single reads of one turn of the event loop as one MGET, with one time limit for it, and policies around each. */
export const coalescedOverRedis = ({ url, prefix }: Place) =>
  Effect.map(clientOf(url), (client) => {
    let waiting: Array<Reader> = []
    const flush = () => {
      const reads = waiting
      waiting = []
      const fail = (error: Error) => reads.forEach(({ resume }) => void resume(Effect.fail(error)))
      const timer = setTimeout(() => fail(new Error("it took too long")), 5000)
      client.mgetBuffer(reads.map(({ name }) => name)).then(
        (replies) => {
          clearTimeout(timer)
          for (const [i, { resume }] of reads.entries()) resume(Effect.succeed(decode(replies[i]!)))
        },
        (error) => {
          clearTimeout(timer)
          fail(error)
        }
      )
    }
    const read = (name: string) =>
      Effect.callback<unknown, Error>((resume) => {
        waiting.push({ name, resume })
        if (waiting.length === 1) setImmediate(flush)
      })
    const name = (key: string) => `${prefix}${policiesInFibers}:${key}`
    return ofEffects(policiesInFibers, {
      get: (key) => underPolicies(read(name(key)), true),
      set: (key, value) =>
        underPolicies(
          ask(() => client.set(name(key), managedEntry.encode(value)), ignore),
          false
        )
    })
  })
