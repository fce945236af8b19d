import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { temporaryDirectory } from "../servers/process.ts"
import type { Name } from "./crash/stores.ts"
import { type Expectation, failed, judged, type Observation, type Row, skipped } from "./row.ts"

const script = fileURLToPath(new URL("disk/scenario.ts", import.meta.url))

/** The exit status if the file system cannot be mounted. */
const notMounted = 77

/**
 * Mounts a file system of one megabyte that only the process sees, and that ends with it. Root may do that, and others
 * if the system lets them be root in a user namespace.
 */
const mounted = `mount -t tmpfs -o size=1m effect-kv "$1" || exit ${notMounted}; shift; exec "$@"`

const flags = process.getuid?.() === 0 ? ["--mount"] : ["--mount", "--map-root-user"]

export const names = { full: "disk full", "read-only": "read-only directory" } as const

export type Kind = keyof typeof names

/** A store on a disk that is full or read-only for a while. */
export const onDisk = (store: Name, kind: Kind): Effect.Effect<Row> => {
  const [fault, target] = [names[kind], store]
  const expected: Expectation = { tags: ["StoreError", "StoreSetupError"], memory: "kept", backWithin: 500 }
  return Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const node = [process.execPath, "--conditions=@effect-kv/source", script, store, directory, kind]
    const { status, output, notes } = yield* ran("unshare", [...flags, "sh", "-c", mounted, "sh", directory, ...node])
    if (status === notMounted || /unshare|ENOENT/.test(notes)) {
      return skipped(fault, target, `no file system can be mounted here: ${notes.trim()}`)
    }
    if (output === "") return failed(fault, target, notes)
    const { told, ...seen } = JSON.parse(output) as Observation & { readonly told: Record<string, number> }
    return judged(fault, target, expected, seen, [
      Object.entries(told)
        .map(([what, count]) => `${count} × ${what}`)
        .join("; ")
    ])
  }).pipe(Effect.scoped)
}

const ran = (program: string, args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly status: number; readonly output: string; readonly notes: string }>((resume) => {
    execFile(program, args, (error, output, notes) =>
      resume(Effect.succeed({ status: Number(error?.code ?? 0), output, notes: notes || String(error?.message ?? "") }))
    )
  })
