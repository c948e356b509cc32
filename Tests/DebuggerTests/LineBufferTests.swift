import Testing

@testable import Debugger

@Suite struct LineBufferTests {
  @Test func linesOfPieces() {
    var buffer = LineBuffer()
    var lines: [String] = []
    for piece in ["one\ntw", "o\r", "\n", "", "\nthree\nfo", "ur"] {
      buffer.append([UInt8](piece.utf8)[...])
      while let line = buffer.next() { lines.append(line) }
    }
    #expect(lines == ["one", "two", "", "three"])
    #expect(buffer.rest() == "four" && buffer.rest() == nil)
  }

  /// A line that comes in many pieces is not searched again with each.
  @Test func aLongLineIsSearchedOnce() {
    var buffer = LineBuffer()
    let piece = [UInt8](repeating: 0x61, count: 1 << 16)
    for _ in 0..<128 {
      buffer.append(piece[...])
      #expect(buffer.next() == nil)
    }
    buffer.append([0x0A])
    #expect(buffer.next()?.utf8.count == 128 << 16)
    #expect(buffer.work == 128 << 16 + 1)
  }
}
