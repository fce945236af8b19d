/**
 * Does by hand, as effects, what effect-kv's stores do. This is the minimum that they can cost if their callers are
 * fibers.
 */
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"
import { Redis } from "ioredis"
import { ofEffects } from "../Store.ts"
import { aead, type Form, fernet, managedEntry, pyKeyValue } from "./byHand.ts"
import { corker } from "./ioredis.ts"
import type { Place } from "./Peer.ts"
import { measured } from "./policiesByHand.ts"

export const entriesInFibers = "managed entries by hand, in a fiber"
export const policiesInFibers = "managed entries and policies by hand, in fibers, reads coalesced"
export const fernetInFibers = "Fernet and policies by hand, in fibers"
export const aeadInFibers = "AES-GCM and policies by hand, in fibers, reads coalesced"
export const pyKeyValueInFibers = "py-key-value's envelopes and policies by hand, in fibers"

const clientOf = (url: string) =>
  Effect.acquireRelease(
    Effect.sync(() => new Redis(url)),
    (client) => Effect.sync(() => client.disconnect())
  )

/** An effect of the promise's result, mapped by `answer`. */
const ask = <A, B>(promise: () => Promise<A>, answer: (reply: A) => B): Effect.Effect<B, Error> =>
  Effect.callback((resume) => {
    promise().then(
      (reply) => resume(Effect.succeed(answer(reply))),
      (error) => resume(Effect.fail(error))
    )
  })

const decodeBy =
  ({ decode }: Form) =>
  (stored: Buffer | null, name: string): unknown =>
    stored === null ? undefined : decode(stored, name)

type Read = (name: string) => Effect.Effect<unknown, Error>

const ignore = () => undefined

/** Sends each read separately. `cork` is called before each. */
const separate = (client: Redis, form: Form, cork: () => void): Read => {
  const decode = decodeBy(form)
  return (name) =>
    ask(
      () => {
        cork()
        return client.getBuffer(name)
      },
      (stored) => decode(stored, name)
    )
}

const write = (client: Redis, form: Form, cork: () => void) => (name: string, value: object) =>
  ask(() => {
    cork()
    return client.set(name, form.encode(value, name))
  }, ignore)

/** Entries in the format of effect-kv's store. */
export const entriesOverRedis = ({ url, prefix }: Place) =>
  Effect.map(clientOf(url), (client) => {
    const name = (key: string) => `${prefix}${entriesInFibers}:${key}`
    const decode = decodeBy(managedEntry)
    const read = separate(client, managedEntry, ignore)
    const store = write(client, managedEntry, ignore)
    return ofEffects(entriesInFibers, {
      get: (key) => read(name(key)),
      set: (key, value) => store(name(key), value),
      getMany: (keys) =>
        ask(
          () => client.mgetBuffer(keys.map(name)),
          (all) => all.map((stored, i) => decode(stored, keys[i]!))
        ),
      setMany: (entries) =>
        ask(() => client.mset(entries.flatMap(([key, value]) => [name(key), managedEntry.encode(value, key)])), ignore)
    })
  })

/** Retries failures, measures the time of each operation, and opens a span if a tracer is installed. */
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

/** Combines the single reads of one turn of the event loop into one MGET, with one timeout. */
const coalesced = (client: Redis, form: Form): Read => {
  const decode = decodeBy(form)
  let waiting: Array<Reader> = []
  const flush = () => {
    const reads = waiting
    waiting = []
    const fail = (error: Error) => reads.forEach(({ resume }) => void resume(Effect.fail(error)))
    const timer = setTimeout(() => fail(new Error("it took too long")), 5000)
    client.mgetBuffer(reads.map(({ name }) => name)).then(
      (replies) => {
        clearTimeout(timer)
        for (const [i, { name, resume }] of reads.entries()) resume(Effect.succeed(decode(replies[i]!, name)))
      },
      (error) => {
        clearTimeout(timer)
        fail(error)
      }
    )
  }
  return (name) =>
    Effect.callback((resume) => {
      waiting.push({ name, resume })
      if (waiting.length === 1) setImmediate(flush)
    })
}

const policiesOverRedis =
  (subject: string, form: Form, readBy: (client: Redis, form: Form, cork: () => void) => Read) =>
  ({ url, prefix }: Place) =>
    Effect.map(clientOf(url), (client) => {
      const name = (key: string) => `${prefix}${subject}:${key}`
      const cork = corker(client)
      const read = readBy(client, form, cork)
      const store = write(client, form, cork)
      return ofEffects(subject, {
        get: (key) => underPolicies(read(name(key)), true),
        set: (key, value) => underPolicies(store(name(key), value), false)
      })
    })

/** All stacks by subject, corked like effect-kv's, each with its own client. */
export const stacksOverRedis = (
  secret: Uint8Array
): Readonly<Record<string, ReturnType<typeof policiesOverRedis>>> => ({
  [policiesInFibers]: policiesOverRedis(policiesInFibers, managedEntry, coalesced),
  [fernetInFibers]: policiesOverRedis(fernetInFibers, fernet(secret), separate),
  [aeadInFibers]: policiesOverRedis(aeadInFibers, aead(secret), coalesced),
  [pyKeyValueInFibers]: policiesOverRedis(pyKeyValueInFibers, pyKeyValue(secret), separate)
})
