/** Reads the real input: `package.json` and README of every package under a `node_modules`. */
import { Effect, FileSystem, Option, Path, Schema } from "effect"
import { Collection } from "effect-kv"

/** The known fields of a `package.json`, plus all others. A class would drop the fields that it does not know. */
export const Manifest = Schema.StructWithRest(Schema.Struct({ name: Schema.String, version: Schema.String }), [
  Schema.Record(Schema.String, Schema.Json)
])

export type Manifest = typeof Manifest.Type

export class Readme extends Schema.Class<Readme>("Readme")({
  file: Schema.String,
  modified: Schema.Option(Schema.Date),
  text: Schema.String
}) {}

export class Manifests extends Collection.Service<Manifests>()("manifests", { schema: Manifest }) {}

export class Readmes extends Collection.Service<Readmes>()("readmes", { schema: Readme, ttl: "1 day" }) {}

/** Documents by the path of their package. Not every package has a README. */
export interface Documents {
  readonly manifests: ReadonlyMap<string, Manifest>
  readonly readmes: ReadonlyMap<string, Readme>
}

/** Reads up to `limit` packages, and skips folders that are not packages. */
export const read = Effect.fn("documents.read")(function* (directory: string, limit: number) {
  const names = (yield* packagesIn(directory)).slice(0, limit)
  const manifests = new Map<string, Manifest>()
  const readmes = new Map<string, Readme>()
  for (const name of names) {
    const manifest = yield* readManifest(directory, name)
    if (Option.isNone(manifest)) continue
    manifests.set(name, manifest.value)
    const readme = yield* readReadme(directory, name)
    if (Option.isSome(readme)) readmes.set(name, readme.value)
  }
  return { manifests, readmes } satisfies Documents
})

/** The paths of all packages under a directory, including packages inside other packages. */
const packagesIn = Effect.fn("documents.packagesIn")(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const manifests = (yield* fs.readDirectory(directory, { recursive: true })).filter((file) =>
    /(^|\/node_modules\/)(@[^/]+\/)?[^@./][^/]*\/package\.json$/.test(file)
  )
  return manifests.map((file) => path.dirname(file)).sort()
})

const decodeManifest = Schema.decodeUnknownOption(Schema.fromJsonString(Manifest))

const readManifest = Effect.fn("documents.readManifest")(function* (directory: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const text = yield* Effect.option(fs.readFileString(path.join(directory, name, "package.json")))
  return Option.flatMap(text, decodeManifest)
})

const readReadme = Effect.fn("documents.readReadme")(function* (directory: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = (yield* fs.readDirectory(path.join(directory, name))).find((each) => /^readme(\.|$)/i.test(each))
  if (file === undefined) return Option.none()
  const at = path.join(directory, name, file)
  const { mtime } = yield* fs.stat(at)
  return Option.some(new Readme({ file, modified: mtime, text: yield* fs.readFileString(at) }))
})
