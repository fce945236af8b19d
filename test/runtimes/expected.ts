/** What a runtime lacks, with the error that says so. Everything else must work. */
export const expected: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  "`Compression` with brotli": {
    Workers: /^StoreSetupError: .*no brotli/,
    Chromium: /^StoreSetupError: .*no brotli/
  },
  "`Compression` with zstd": {
    "Node 20": /^StoreSetupError: .*no zstd/,
    Workers: /^StoreSetupError: .*no zstd/,
    Chromium: /^StoreSetupError: .*no zstd/
  },
  "`Sqlite`": {
    "Node 20": /^StoreSetupError: .*Node 22\.16 or newer/
  }
}
