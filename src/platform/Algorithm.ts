/** A compression algorithm, by its name in the stored envelope. */
export type Algorithm = "gzip" | "zstd" | "brotli" | "deflate"
