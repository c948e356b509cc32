import Foundation
import TestSupport
import Testing

@testable import Debugger

/// `print/x` and what is said of names that a command does not take.
struct PrintFormatTests {
  private let folder: ScratchFolder
  init() throws {
    folder = try ScratchFolder()
    try Tiny.record(to: folder.file(), count: 1) { $0.capture = .values }
  }

  private func answer(_ line: String) throws -> String {
    let text = try Tiny.transcript(folder.file(), ["goto pass 1", line])
    return text.components(separatedBy: "(nibble) \(line)\n").last?
      .components(separatedBy: "\n(nibble) ").first ?? ""
  }

  @Test(arguments: [
    ("p/x pass.tokens", "pass.tokens = 0x4"), ("p/t pass.tokens", "pass.tokens = 100"),
    ("print/x 1.5", "1.5 = 0x3ff8000000000000"), ("p/d 3.7", "3.7 = 3"), ("p/d -3.7", "-3.7 = -3"),
    ("p/f 0.00001234", "0.00001234 = 0.0000123400000"), ("p/e 1500", "1500 = 1.50000000e+03"),
    ("p/x pass.kind", "pass.kind = prefill"),
  ])
  func figures(line: String, expected: String) throws {
    #expect(try answer(line) == expected)
  }

  @Test func bitsOfValues() throws {
    func value(_ line: String) throws -> Substring {
      let words = try answer(line).split { $0.isWhitespace }
      return words[try #require(words.firstIndex(of: "=")) + 1]
    }
    let plain = try #require(Float(value("p ffn_norm-0[0]")))
    let bits = try value("p/x ffn_norm-0[0]").dropFirst(2)
    #expect(UInt32(bits, radix: 16) == plain.bitPattern && bits.count == 8)
    #expect(try answer("p/t ffn_norm-0[0..2]").contains(/= \{[01]{32}, [01]{32}\}/))
    #expect(try answer("p/x tile").isEmpty == false)
  }

  @Test(arguments: ["p/z mem.live", "p/xx mem.live", "p/ mem.live", "p/s mem.live"])
  func otherLettersAreRefused(line: String) throws {
    #expect(try answer(line).contains("print/ takes one of the letters x"))
  }

  @Test(arguments: [
    ("x/4xb ffn_gate-0", "ffn_gate-0 is the output of an operation; x shows packed weights"),
    ("info error ffn_gate-0[3]", "is a part of ffn_gate-0; \"info error ffn_gate-0\" compares all"),
    ("info error blk.0.attn_q.weight", "is a weight tensor; info error compares"),
    ("why blk.0.attn_q.weight[1, 2]", "\"x/1block blk.0.attn_q.weight[1, 2]\" lays its block open"),
    ("print ffn_gate", "Nothing here is called \"ffn_gate\"; is ffn_gate-0 meant?"),
    ("x blk.1.attn_k", "Nothing here is called \"blk.1.attn_k\"; is blk.1.attn_k.weight meant?"),
  ])
  func whatANameIs(line: String, expected: String) throws {
    #expect(try answer(line).contains(expected))
  }

  @Test func quitGivesAnExitCode() throws {
    let output = CollectedOutput()
    let other = try ScratchFolder()
    let session = try SessionTests.session(other).0
    #expect(session.run(ScriptedLines(["quit 7"], echo: output), stopsAtErrors: false) == 7)
    var options = DebuggerOptions()
    options.commands = ["quit 3"]
    options.batch = true
    #expect(try SessionTests.session(other).0.runScripts(options) == 3)
    #expect(try answer("quit x").contains("quit takes an exit code from 0 to 255"))
    #expect(try answer("quit 256").contains("quit takes an exit code from 0 to 255"))
  }
}
