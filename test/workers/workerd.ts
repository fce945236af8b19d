import { writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { rolldown } from "rolldown"
import { freePort, run, temporaryDirectory } from "../servers/process.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** The program of workerd, which is the runtime of Cloudflare Workers. */
const programOf = (): { readonly program: string } | { readonly problem: string } => {
  try {
    return { program: createRequire(import.meta.url)("workerd").default as string }
  } catch {
    return { problem: "the package workerd is not installed, or not for this platform" }
  }
}

const found = programOf()

/** Why workerd is not available, or `undefined` if it is. */
export const problem: string | undefined = "problem" in found ? found.problem : undefined

/** Bundles a Worker with all of its imports, by the conditions of Workers, as Cloudflare's tools do. */
export const bundle = (file: string): Promise<string> =>
  rolldown({
    cwd: root,
    input: file,
    platform: "browser",
    resolve: { conditionNames: ["@effect-kv/source", "workerd", "worker", "browser", "import", "default"] }
  })
    .then((build) => build.generate({ format: "esm", codeSplitting: false }))
    .then(({ output: [chunk] }) => chunk.code)

/** Runs a Worker, and returns a function that requests a path from it. */
export const worker = Effect.fnUntraced(function* (file: string) {
  const dir = yield* temporaryDirectory
  const port = yield* freePort
  const code = yield* Effect.promise(() => bundle(file))
  writeFileSync(join(dir, "worker.js"), code)
  writeFileSync(join(dir, "config.capnp"), configOf(port, "worker.js", durableObject))
  const { program } = found as { readonly program: string }
  yield* Effect.asVoid(run(program, ["serve", join(dir, "config.capnp")]))
  const ask = (path: string): Effect.Effect<string> =>
    Effect.promise(() =>
      fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(8_000) })
        .then((response) => response.text().then((text) => (response.ok ? text : `${response.status} ${text}`)))
        .catch((error) => `no answer: ${error}`)
    )
  const answers = Effect.filterOrFail(ask("/told"), (text) => text.startsWith("{"))
  yield* Effect.retry(answers, Schedule.upTo(Schedule.spaced("50 millis"), { times: 800 }))
  yield* ask("/told")
  return ask
})

/** What workerd reads: a Worker in a file, with more settings of the Worker if they are given. */
export const configOf = (
  port: number,
  file: string,
  more = ""
): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .worker) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ]
);
const worker :Workerd.Worker = (
  modules = [ (name = "${file}", esModule = embed "${file}") ],
  compatibilityDate = "2025-09-01"${more}
);
`

const durableObject = `,
  durableObjectNamespaces = [ (className = "DurableObject", uniqueKey = "effect-kv") ],
  durableObjectStorage = (inMemory = void),
  bindings = [ (name = "OBJECT", durableObjectNamespace = "DurableObject") ]`
