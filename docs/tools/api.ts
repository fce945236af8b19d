/** Writes the pages of the API, reference/api, with typedoc. typedoc needs TypeScript 6, which only docs/ has. */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { docs, root } from "./paths.ts"

/** The source of each module of the package. */
const entryPoints = (): ReadonlyArray<string> => {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly "@effect-kv/source": string }>>
  }
  return Object.entries(exports).flatMap(([subpath, target]) =>
    typeof target === "string" || subpath === "." ? [] : [root + target["@effect-kv/source"].slice(2)]
  )
}

export const writeApi = (): void => {
  const options = {
    "--tsconfig": `${docs}tsconfig.api.json`,
    "--plugin": "typedoc-plugin-markdown",
    "--out": `${docs}reference/api`,
    "--readme": "none",
    "--entryFileName": "index",
    "--logLevel": "Error"
  }
  const flags = ["--excludeInternal", "--hideBreadcrumbs", "--hidePageHeader", "--disableSources", "--useCodeBlocks"]
  const named = Object.entries(options).flat()
  const args = ["node_modules/typedoc/bin/typedoc", ...named, ...flags, ...entryPoints()]
  execFileSync(process.execPath, args, { cwd: docs, stdio: "inherit", env: { ...process.env, NODE_OPTIONS: "" } })
}
