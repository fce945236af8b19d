/** Damaged files in the place of entries, and directories, links and pipes. */
import { execFileSync } from "node:child_process"
import { mkdirSync, type PathLike, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { type Enumeration, FileSystem, type Maintenance } from "effect-kv"
import { temporaryDirectory } from "../../servers/process.ts"
import { damaged } from "../mutations.ts"
import type { Raw } from "../raw.ts"
import { instance } from "../stack.ts"
import type { Target } from "../target.ts"

/** A name that is not UTF-8 cannot be an argument of `mkfifo`, so it gets a link to a device instead of a pipe. */
const makePipe = (file: PathLike): void => {
  if (typeof file === "string") execFileSync("mkfifo", [file])
  else symlinkSync("/dev/tty", file)
}

/** What to put in the place of a file, by the first byte of an input. Other bytes give a file. */
export const others: Readonly<Record<number, (file: PathLike) => void>> = {
  250: (file) => mkdirSync(file),
  251: (file) => symlinkSync("nowhere", file),
  252: (file) => symlinkSync(file, file),
  253: (file) => symlinkSync("/etc/hostname", file),
  254: (file) => makePipe(file),
  255: (file) => symlinkSync(".", file)
}

const raw = (directory: string): Raw<Enumeration.Enumeration | Maintenance.Maintenance> => {
  const fileOf = (key: string): string => join(directory, "default_collection", `${key}.json`)
  return {
    layer: FileSystem.layer({ directory, fsync: false }).pipe(Layer.provide(NodeServices.layer)),
    read: (key) => Effect.sync(() => Uint8Array.from([0, ...readFileSync(fileOf(key))])),
    write: (entries) =>
      Effect.sync(() => {
        for (const [key, [kind = 0, ...bytes]] of entries) {
          rmSync(fileOf(key), { recursive: true, force: true })
          const other = others[kind]
          if (other === undefined) writeFileSync(fileOf(key), Uint8Array.from(bytes))
          else other(fileOf(key))
        }
      })
  }
}

export const fileSystem: Target = {
  name: "FileSystem",
  weight: 6,
  make: Effect.gen(function* () {
    return yield* instance({
      raw: raw(yield* temporaryDirectory),
      wrap: (store) => store,
      special: (dice, { own }) => {
        const inner = damaged(
          dice,
          own.map((bytes) => bytes.subarray(1))
        )
        return Uint8Array.from([dice.oneIn(10) ? 250 + dice.below(6) : 0, ...inner])
      }
    })
  })
}
