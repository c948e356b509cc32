/// Guesses what a file that is not GGUF is, from its first bytes, for a helpful sentence.
enum FileKind {
  static func describe(_ file: MappedFile) -> String {
    withExtendedLifetime(file) { describe(file.bytes) }
  }

  private static func describe(_ bytes: UnsafeRawBufferPointer) -> String {
    for (magic, kind) in magics where bytes.starts(with: magic.utf8) {
      return kind
    }
    for (magic, kind) in binaryMagics where bytes.starts(with: magic) {
      return kind
    }
    if isSafetensors(bytes) { return "safetensors, which has to be converted to GGUF first" }
    if bytes.prefix(512).allSatisfy({ $0 == 0 }) { return "nothing but zeros" }
    if bytes.prefix(512).allSatisfy({ $0 >= 0x20 && $0 < 0x7f || (9...13).contains($0) }) {
      return "a text"
    }
    return "something else"
  }

  private static let magics: [(String, String)] = [
    ("SQLite format 3\0", "an SQLite database, perhaps a trace of nibble's"),
    ("version https://git-lfs", "a Git LFS pointer, whose model has yet to be fetched"),
    ("PK\u{3}\u{4}", "a zip archive, as PyTorch checkpoints are"),
    ("lmgg", "a GGML file from before GGUF"),
    ("fmgg", "a GGML file from before GGUF"),
    ("tjgg", "a GGML file from before GGUF"),
    ("algg", "a GGML adapter from before GGUF"),
    ("<!DOCTYPE", "a web page"),
    ("<!doctype", "a web page"),
    ("<html", "a web page"),
    ("\u{7f}ELF", "a program"),
    ("#!", "a script"),
    ("%PDF", "a PDF document"),
    ("{", "JSON"),
  ]

  private static let binaryMagics: [([UInt8], String)] = [
    ([0x1f, 0x8b], "compressed with gzip"),
    ([0x28, 0xb5, 0x2f, 0xfd], "compressed with zstd"),
    ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "compressed with xz"),
    ([0x89, 0x48, 0x44, 0x46], "HDF5"),
    ([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], "a NumPy array"),
    ([0x80, 0x02], "a Python pickle, as old PyTorch checkpoints are"),
    ([0x80, 0x04], "a Python pickle"),
  ]

  /// Safetensors start with the length of a JSON object (little endian, 8 bytes), then that.
  private static func isSafetensors(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count > 9, bytes[8] == UInt8(ascii: "{") else { return false }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    return length > 1 && length <= UInt64(bytes.count - 8)
  }
}
