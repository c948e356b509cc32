import Basics
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// Of a pass with several sequences `print`, `why` and `top` tell the last, and say so; each tells
/// another that is asked for.
@Suite struct SequenceChoiceTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try Tiny.record(to: folder.file(), count: 2) {
      $0.prompts = ["Once upon a time", "The cat", "There was a little"]
      $0.engine.sequences = 3
      $0.capture = .values
    }
  }

  private func answers(_ lines: String...) throws -> String {
    try Tiny.transcript(folder.file(), lines)
  }

  @Test(arguments: [1, 2])
  func theLastIsTheDefaultOfAll(pass: Int) throws {
    let trace = try Trace(path: folder.file())
    let last = try #require(try trace.tokens(inPass: pass).last)
    #expect(last.sequence == 2)
    let place = "position \(last.position) of sequence 2 (of 0 to 2), \(quoted(last.text))"
    for line in ["top 3", "why 1 logit 42", "print result_output[42]", "print l_out-1[0..4]"] {
      let text = try answers("goto pass \(pass)", line)
      #expect(text.contains(place), "\(line): \(text)")
      let named =
        line.contains("[") ? line.replacing("[", with: "[sequence=2, ") : line + " sequence=2"
      let chosen = try answers("goto pass \(pass)", named)
      #expect(chosen.contains(place), "\(chosen)")
    }
  }

  /// Each sequence's own token is marked, and its distribution is that of its logits.
  @Test(arguments: [0, 1, 2])
  func eachCanBeChosen(sequence: Int) throws {
    let trace = try Trace(path: folder.file())
    let mine = try trace.tokens().filter { $0.sequence == sequence }
    let last = try #require(try trace.tokens(inPass: 1).last { $0.sequence == sequence })
    let next = try #require(mine.first { $0.position == last.position + 1 })
    let text = try answers("goto pass 1", "goto l_out-1", "top 12 sequence=\(sequence)")
    #expect(text.components(separatedBy: "of sequence \(sequence) (of 0 to 2)").count == 3)
    let marked = text.split(separator: "\n").filter { $0.hasPrefix("=>") }
    #expect(marked.allSatisfy { $0.split(separator: " ")[1] == "\(next.id)" }, "\(text)")
    #expect(!marked.isEmpty)
    let logit = try answers("goto pass 1", "why 1 logit \(next.id) sequence=\(sequence)")
    let row = try answers("goto pass 1", "print result_output[sequence=\(sequence), \(next.id)]")
    let value = try #require(row.firstMatch(of: /result_output\[.*\] = (\S+)/)).1
    #expect(logit.contains("result_output[\(sequence), \(next.id)] = \(value)\n"), "\(logit)")
  }

  @Test func tokensOfASequenceCountFromItsFirst() throws {
    let trace = try Trace(path: folder.file())
    let tokens = try trace.tokens(inPass: 1)
    let row = try #require(tokens.firstIndex { $0.sequence == 1 && $0.position == 1 })
    func values(_ text: String) throws -> String {
      try String(#require(text.firstMatch(of: /= (\{.*\})/)).1)
    }
    let named = try answers("goto pass 1", "print l_out-1[sequence=1, token=1, 0..4]")
    #expect(named.contains("l_out-1[sequence=1, token=1, 0..4] = "))
    #expect(try values(named) == values(answers("goto pass 1", "print l_out-1[\(row), 0..4]")))
    let head = try answers("goto pass 1", "print kq-1[head=1, sequence=1, token=1, 0..2]")
    #expect(head.contains("(position 1 of sequence 1 (of 0 to 2), "), "\(head)")
    let whole = tokens.count + row
    #expect(try values(head) == values(answers("goto pass 1", "print kq-1[\(whole), 0..2]")))
  }

  @Test(arguments: [
    ("top sequence=3", "a sequence of this pass, which has sequences 0 to 2"),
    ("why logit 4 sequence=9", "a sequence of this pass, which has sequences 0 to 2"),
    ("print l_out-1[sequence=3, 0]", "its pass has sequences 0 to 2"),
    ("print kq-1[sequence=0, 0]", "say a head too"),
    ("print blk.0.attn_q.weight[sequence=0, 0]", "it has no sequences"),
    ("top sequence=x", "sequence=S of several sequences"),
  ])
  func anotherIsRefused(line: String, reason: String) throws {
    let session = try DebuggerSession(
      trace: Trace(path: folder.file()), output: CollectedOutput(), style: TextStyle())
    try session.execute("goto pass 1")
    let error = try #require(throws: DebuggerError.self) { try session.execute(line) }
    #expect("\(error)".contains(reason), "\(error)")
  }
}
