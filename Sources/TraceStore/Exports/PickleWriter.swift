/// Writes Python's pickle, protocol 4, of plain values alone: `None`, integers, strings, lists and
/// dictionaries. Opcodes and their operands as in CPython's `Lib/pickletools.py`.
///
/// Lists grow one element at a time (`APPEND`), so that a reader with a small stack can hold one of
/// millions; only opcodes that the memory_viz page knows are used. Strings that come again and
/// again are written once and fetched by number.
struct PickleWriter {
  private let output: ExportOutput
  private var memo: [String: Int] = [:]

  init(_ output: ExportOutput) {
    self.output = output
    output.write(bytes: [0x80, 4])  // PROTO
  }

  func none() { op("N") }

  /// An integer: 1 or 4 bytes, or as many as it takes.
  func write(_ value: Int) {
    if let byte = UInt8(exactly: value) {
      op("K")  // BININT1
      output.write(byte: byte)
    } else if let word = Int32(exactly: value) {
      op("J")  // BININT
      little(UInt32(bitPattern: word))
    } else {
      output.write(bytes: [0x8A, 8])  // LONG1
      let bits = UInt64(bitPattern: Int64(value))
      little(UInt32(truncatingIfNeeded: bits))
      little(UInt32(truncatingIfNeeded: bits >> 32))
    }
  }

  /// A string that comes once.
  func write(_ text: String) {
    op("X")  // BINUNICODE
    little(UInt32(truncatingIfNeeded: text.utf8.count))
    output.write(text)
  }

  /// A string that comes again; there may be as many of these as the model has names.
  mutating func write(known text: String) {
    if let place = memo[text] {
      op("j")  // LONG_BINGET
      little(UInt32(truncatingIfNeeded: place))
    } else {
      write(text)
      op("r")  // LONG_BINPUT
      little(UInt32(truncatingIfNeeded: memo.count))
      memo[text] = memo.count
    }
  }

  func beginDictionary() { op("}") }
  /// The last key and its value were written.
  func endItem() { op("s") }

  func beginList() { op("]") }
  /// An element was written.
  func endElement() { op("a") }

  func end() { op(".") }

  /// A key with an integer.
  mutating func item(_ key: String, _ value: Int) {
    write(known: key)
    write(value)
    endItem()
  }

  /// A key with a string.
  mutating func item(_ key: String, known value: String) {
    write(known: key)
    write(known: value)
    endItem()
  }

  private func op(_ code: UnicodeScalar) {
    output.write(byte: UInt8(truncatingIfNeeded: code.value))
  }

  private func little(_ value: UInt32) {
    for shift in [0, 8, 16, 24] as [UInt32] {
      output.write(byte: UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}
