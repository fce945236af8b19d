import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

/**
 * What the live page imports: the browser build, as an application that installs the package would. Only the compression is
 * another one, because that of browsers is asynchronous, and its sizes differ from browser to browser.
 */
export const aliases = [
  { find: /^effect-kv$/, replacement: `${root}dist/index.js` },
  { find: /^effect-kv\/testing$/, replacement: `${root}dist/testing/index.js` },
  { find: /^#zlib$/, replacement: `${root}docs/live/engine/zlib.ts` }
]
