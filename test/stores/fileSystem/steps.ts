/** A file system that can stop before each call, so that other processes can act between any two calls. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FS from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as Enumeration from "../../../src/Enumeration.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Maintenance from "../../../src/Maintenance.ts"
import * as FileSystem from "../../../src/stores/FileSystem.ts"

/** An effect before each call, given the method's name and arguments. */
export type Before = (name: string, args: ReadonlyArray<unknown>) => Effect.Effect<void>

/** The same file system, with an effect before each call, and before each call of a file that it has opened. */
export const before = (fs: FS.FileSystem, gate: Before): FS.FileSystem => {
  const wrapped =
    (name: string, method: (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown, unknown>) =>
    (...args: ReadonlyArray<unknown>) =>
      Effect.andThen(gate(name, args), method(...args))
  const methods = Object.fromEntries(
    Object.entries(fs).map(([name, method]) => [
      name,
      typeof method === "function" && name !== "open" ? wrapped(name, method as never) : method
    ])
  )
  return {
    ...(methods as unknown as FS.FileSystem),
    open: (path, options) =>
      Effect.andThen(
        gate("open", [path, options]),
        Effect.map(fs.open(path, options), (file) =>
          Object.create(file, {
            sync: { get: () => Effect.andThen(gate("sync", [path]), file.sync) },
            writeAll: {
              value: (bytes: Uint8Array) => Effect.andThen(gate("writeAll", [path]), file.writeAll(bytes))
            },
            readAlloc: {
              value: (size: number) => Effect.andThen(gate("readAlloc", [path]), file.readAlloc(size))
            }
          })
        )
      )
  }
}

export interface Store {
  readonly kv: KeyValue.Service
  readonly maintenance: Maintenance.Service
  readonly enumeration: Enumeration.Service
}

/** A separate store, as another process has one, on a file system with an effect before each call. */
export const open = (directory: string, gate: Before = () => Effect.void, options?: Partial<FileSystem.Options>) =>
  Effect.gen(function* () {
    const fs = yield* FS.FileSystem
    const layer = FileSystem.layer({ directory, fsync: false, ...options }).pipe(
      Layer.provide(Layer.succeed(FS.FileSystem, before(fs, gate)))
    )
    const context = yield* Layer.build(Layer.fresh(layer))
    return {
      kv: Context.get(context, KeyValue.KeyValue),
      maintenance: Context.get(context, Maintenance.Maintenance),
      enumeration: Context.get(context, Enumeration.Enumeration)
    } satisfies Store
  })

/** A directory that is removed with the test, and the services of Node. */
export const inDirectory = <A, E, R>(test: (directory: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const directory = yield* (yield* FS.FileSystem).makeTempDirectoryScoped()
    return yield* test(directory)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

/** Runs an effect while the test clock advances, as fast as the file system responds. */
export const whileTimePasses = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      yield* TestClock.adjust("10 millis")
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    }
    return yield* Fiber.join(fiber)
  })

/** The names of all files and directories below a directory. */
export const namesIn = (directory: string) =>
  Effect.flatMap(FS.FileSystem, (fs) =>
    Effect.map(fs.readDirectory(directory, { recursive: true }), (all) => all.sort())
  )
