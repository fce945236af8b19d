/** A compression algorithm, by the name that the envelopes have for it. */
export type Algorithm = "gzip" | "zstd" | "brotli" | "deflate"
