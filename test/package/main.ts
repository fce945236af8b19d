/** Writes the `exports` of `package.json`. */
import { readFileSync, writeFileSync } from "node:fs"
import { exportsOfPackage } from "./exports.ts"

const file = new URL("../../package.json", import.meta.url)
const manifest: object = JSON.parse(readFileSync(file, "utf8"))

writeFileSync(file, `${JSON.stringify({ ...manifest, exports: exportsOfPackage() }, null, 2)}\n`)
