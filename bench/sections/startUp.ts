import { execFileSync } from "node:child_process"
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import * as Effect from "effect/Effect"
import { rolldown } from "rolldown"
import { parseAst } from "rolldown/parseAst"
import type { Sample } from "../measure.ts"
import type { Section } from "./Section.ts"

/** The name of the floor. */
export const importByHand = "the same files, which only define functions and classes"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Milliseconds to import the built module `second`, after `first` was imported. */
const importTime = (first: string, second: string): number => {
  const child = `
    await import(${JSON.stringify(first)})
    const start = performance.now()
    await import(${JSON.stringify(second)})
    process.stdout.write(String(performance.now() - start))`
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", child], { cwd: root, encoding: "utf8" }))
}

type Statement = ReturnType<typeof parseAst>["body"][number]

type Expression = Extract<Statement, { readonly type: "ExpressionStatement" }>["expression"]

interface Span {
  readonly start: number
  readonly end: number
}

/** The code that a statement of a module runs, apart from defining functions and classes. */
const runs = (statement: Statement): ReadonlyArray<Span> => {
  switch (statement.type) {
    case "VariableDeclaration":
      return statement.declarations.flatMap(({ init }) => (init === null ? [] : runsIn(init)))
    case "ExpressionStatement":
      return [statement.expression]
    default:
      return []
  }
}

/** A class runs the expression that it extends. */
const runsIn = (value: Expression): ReadonlyArray<Span> => {
  switch (value.type) {
    case "ArrowFunctionExpression":
    case "FunctionExpression":
    case "Literal":
      return []
    case "ClassExpression":
      return value.superClass === null ? [] : [value.superClass]
    default:
      return [value]
  }
}

/** The same module with all code that would run moved into functions that are never called. */
const unrun = (text: string): string =>
  parseAst(text)
    .body.flatMap(runs)
    .reduceRight(
      (text, { start, end }) => `${text.slice(0, start)}(() => (${text.slice(start, end)}), Object)${text.slice(end)}`,
      text
    )

/** A folder beside the files that Node loads. It is removed with the scope. */
const unrunFolder = Effect.acquireRelease(
  Effect.sync(() => mkdirSync(`${root}dist/unrun`, { recursive: true })),
  () => Effect.sync(() => rmSync(`${root}dist/unrun`, { recursive: true }))
)

/** Writes the files that Node loads for the index, with nothing to run. */
const writeUnrun = (): void => {
  for (const name of ["core", "schema", "rolldown-runtime"]) {
    writeFileSync(`${root}dist/unrun/${name}.js`, unrun(readFileSync(`${root}dist/node/${name}.js`, "utf8")))
  }
  copyFileSync(`${root}dist/node/index.js`, `${root}dist/unrun/index.js`)
}

const imports = [
  { subject: "effect", first: "node:path", second: "effect" },
  { subject: "effect-kv", first: "effect", second: "effect-kv" },
  { subject: "effect-kv/Memory", first: "effect", second: "effect-kv/Memory" },
  { subject: "effect-kv/Redis, with ioredis", first: "effect", second: "effect-kv/Redis" },
  { subject: importByHand, first: "effect", second: "./dist/unrun/index.js" }
]

/** How many times each module is imported. */
const importRounds = 40

interface Bundle {
  readonly gzipped: number
  /** The modules of effect that are not in the bundle. */
  readonly imports: ReadonlyArray<string>
}

/** A minified bundle of a program, with or without the modules of effect that it uses. */
const bundle = async (program: string, withEffect: boolean): Promise<Bundle> => {
  const entry = `${root}entry.ts`
  const build = await rolldown({
    cwd: root,
    input: "entry",
    external: withEffect ? [/^node:/] : [/^effect(\/|$)/, /^node:/],
    resolve: { conditionNames: ["@effect-kv/source", "node", "import", "default"] },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? entry : null),
        load: (id) => (id === entry ? program : null)
      }
    ]
  })
  const { output } = await build.generate({ format: "esm", minify: true })
  return { gzipped: gzipSync(output[0].code).length, imports: output[0].imports }
}

const program = `
  import { KeyValue, Memory, Retry } from "effect-kv"
  export const layer = Memory.layer().pipe(Retry.wrap())
  export const program = KeyValue.KeyValue.use((kv) => kv.get("key"))`

const bundles = async () => {
  const outside = await bundle(program, false)
  const modules = outside.imports.map((name, i) => `export * as m${i} from ${JSON.stringify(name)}`).join("\n")
  const effect = await bundle(modules, true)
  const both = await bundle(`${modules}\n${program}`, true)
  const whole = await bundle(program, true)
  return { outside: outside.gzipped, beyond: both.gzipped - effect.gzipped, whole: whole.gzipped }
}

/** The start-up cost of an application that uses effect-kv. */
export const startUp: Section = {
  name: "start-up",
  title: "Start-up",
  about:
    "Import: the time to import the built package in a new process, after `effect` (`effect` itself is imported first). `which only define functions and classes` is the time that Node takes to find, read, compile and link such files with everything that they import. Bundle: `KeyValue` + `Memory` + `Retry`, minified and gzipped: the code of effect-kv without effect; the size that it adds to a bundle of all the modules of effect that it imports; and everything together, with the parts of effect that it uses.",
  needsRedis: false,
  run: Effect.fnUntraced(function* () {
    execFileSync("npm", ["run", "build"], { cwd: root, stdio: "ignore" })
    yield* unrunFolder
    writeUnrun()
    const subjects = imports.map((it) => ({ ...it, values: [] as Array<number> }))
    for (let round = -1; round < importRounds; round++) {
      for (const { first, second, values } of subjects) {
        const millis = importTime(first, second)
        if (round >= 0) values.push(millis)
      }
    }
    const sizes = yield* Effect.promise(bundles)
    return [
      ...subjects.map(({ subject, values }) => ({
        section: "start-up, import",
        callers: 1,
        subject,
        what: "import",
        figure: "time",
        unit: "ms",
        values
      })),
      ...[
        ["the code of effect-kv", sizes.outside],
        ["beyond the modules of effect", sizes.beyond],
        ["all, with effect", sizes.whole]
      ].map(([subject, size]) => ({
        section: "start-up, bundle",
        callers: 1,
        subject: subject as string,
        what: "bundle",
        figure: "gzipped",
        unit: "KB",
        values: [(size as number) / 1000]
      }))
    ] satisfies ReadonlyArray<Sample>
  })
}
