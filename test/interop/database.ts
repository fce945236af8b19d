/** The database into which the cases are loaded, as bytes. */
import { Context, Data, Effect, Layer, Redacted, type Scope } from "effect"
import { Redis } from "ioredis"

/** A problem with the database, for the user of the command. */
export class DatabaseError extends Data.TaggedError("DatabaseError")<{ readonly message: string }> {}

export class Database extends Context.Service<
  Database,
  {
    /** The connection, for the stores of this library. */
    readonly client: Redis
    /** Stores bytes for as long as the scope is open. */
    readonly load: (
      name: Uint8Array,
      value: Uint8Array,
      millis?: number
    ) => Effect.Effect<void, DatabaseError, Scope.Scope>
    readonly get: (name: Uint8Array) => Effect.Effect<Uint8Array | null, DatabaseError>
    /** Milliseconds; -1 for none. */
    readonly pttl: (name: Uint8Array) => Effect.Effect<number, DatabaseError>
    readonly remove: (names: ReadonlyArray<Uint8Array>) => Effect.Effect<void, DatabaseError>
    /** All names. There must be few of them. */
    readonly names: Effect.Effect<ReadonlyArray<Uint8Array>, DatabaseError>
    readonly size: Effect.Effect<number, DatabaseError>
  }
>()("test/interop/Database") {}

const request = <A>(run: () => Promise<A>): Effect.Effect<A, DatabaseError> =>
  Effect.tryPromise({ try: run, catch: (error) => new DatabaseError({ message: `Redis: ${messageOf(error)}` }) })

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const connect = (url: Redacted.Redacted) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const settings = { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null } as const
        const client = new Redis(
          Redacted.value(url),
          settings as typeof settings & { readonly replyMapping?: "legacy" }
        )
        client.on("error", () => {})
        return client
      },
      catch: () => new DatabaseError({ message: "the URL makes no sense" })
    }),
    (client) => Effect.sync(() => client.disconnect())
  )

/** A connection to an empty database. Fails with `DatabaseError` if there is anything in it. */
export const layer = (url: Redacted.Redacted): Layer.Layer<Database, DatabaseError> =>
  Layer.effect(
    Database,
    Effect.gen(function* () {
      const client = yield* connect(url)
      yield* Effect.mapError(
        request(() => client.connect()),
        () => new DatabaseError({ message: "cannot connect to Redis: no server, or one that refuses us" })
      )
      const remove = (names: ReadonlyArray<Uint8Array>) =>
        names.length === 0 ? Effect.void : Effect.asVoid(request(() => client.unlink(...names.map(buffer))))
      const size = request(() => client.dbsize())
      const held = yield* size
      if (held > 0) {
        const entries = held === 1 ? "1 entry" : `${held} entries`
        return yield* new DatabaseError({
          message: `the database is not empty: it holds ${entries}. Give one that is.`
        })
      }
      return {
        client,
        load: (name, value, millis) =>
          Effect.acquireRelease(
            request(() =>
              millis === undefined
                ? client.set(buffer(name), buffer(value))
                : client.set(buffer(name), buffer(value), "PX", millis)
            ),
            () => Effect.orDie(remove([name]))
          ),
        get: (name) => request(() => client.getBuffer(buffer(name))),
        pttl: (name) =>
          Effect.map(
            request(() => client.pttl(buffer(name))),
            Number
          ),
        remove,
        names: request(() => client.keysBuffer("*")),
        size
      }
    })
  )

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
