/** The modules of the package, for the API pages and their sidebar. */
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { root } from "./paths.ts"

export interface ApiModule {
  /** The name that it is imported by. */
  readonly name: string
  /** The file in the repository. */
  readonly file: string
  readonly group: (typeof groups)[number]
  /** The address of its API page. */
  readonly link: string
}

export const groups = ["Services and tools", "Stores", "Wrappers", "Testing"] as const

const groupOf = (file: string): ApiModule["group"] => {
  if (file.startsWith("src/stores/")) return "Stores"
  if (file.startsWith("src/wrappers/")) return "Wrappers"
  return file.startsWith("src/testing/") ? "Testing" : "Services and tools"
}

/** The files that a file exports as namespaces. */
const namespacesOf = (file: string): ReadonlyArray<string> =>
  [...readFileSync(root + file, "utf8").matchAll(/^export \* as \w+ from "\.\/(.+)"$/gm)].map(([, it]) =>
    join(dirname(file), it!)
  )

const moduleOf = (file: string): ApiModule => {
  const path = file.slice(0, -".ts".length)
  const base = path.slice(path.lastIndexOf("/") + 1)
  const name = base[0]!.toUpperCase() + base.slice(1)
  // typedoc gives a folder to a module that has a namespace.
  const link = namespacesOf(file).length > 0 ? `${name}/` : name
  return { name, file, group: groupOf(file), link: `/reference/api/${link}` }
}

const files = (): ReadonlyArray<string> => {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly "@effect-kv/source": string }>>
  }
  return Object.entries(exports).flatMap(([subpath, target]) => {
    if (typeof target === "string" || subpath === ".") return []
    const file = target["@effect-kv/source"].slice("./".length)
    return subpath === "./testing" ? namespacesOf(file) : [file]
  })
}

/** All modules, by name. */
export const apiModules: ReadonlyArray<ApiModule> = files()
  .map(moduleOf)
  .sort((a, b) => (a.name < b.name ? -1 : 1))
