/**
 * Adds to package-lock.json the optional packages for other platforms that npm left out, because the registry in use did not
 * have them. `npm ci` rejects a lock file without them. Run this script after `npm install` if `npm ci` reports "Missing: …".
 */
import { readFileSync, writeFileSync } from "node:fs"

const file = new URL("../package-lock.json", import.meta.url)
const lock = JSON.parse(readFileSync(file, "utf8"))

const systems = ["android", "darwin", "freebsd", "linux", "openharmony", "win32", "aix", "sunos"]
const processors = ["arm64", "arm", "x64", "ia32", "ppc64", "s390x", "riscv64", "loong64", "mips64el", "wasm32"]

/** The names of most such packages contain their platform. */
const platformOf = (name) => {
  const words = name.split(/[-/]/)
  const find = (known) => known.find((each) => words.includes(each))
  const [os, cpu] = [find(systems), find(processors)]
  const libc = words.includes("musl") ? "musl" : words.includes("gnu") ? "glibc" : undefined
  return { ...(cpu && { cpu: [cpu] }), ...(os && { os: [os] }), ...(libc && { libc: [libc] }) }
}

const added = []
for (const [path, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const isThere = [`${path}/node_modules/${name}`, `node_modules/${name}`].some((place) => lock.packages[place])
    if (isThere || !/^\d/.test(version)) continue
    lock.packages[`node_modules/${name}`] = {
      version,
      dev: true,
      license: parent.license,
      optional: true,
      ...platformOf(name)
    }
    added.push(`${name}@${version}`)
  }
}
const root = lock.packages[""]
const others = Object.entries(lock.packages).filter(([path]) => path !== "")
lock.packages = { "": root, ...Object.fromEntries(others.sort(([a], [b]) => (a < b ? -1 : 1))) }
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(added.length === 0 ? "Nothing was missing." : `Added:\n${added.join("\n")}`)
