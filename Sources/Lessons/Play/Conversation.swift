import Debugger
import Foundation
import TraceStore

/// The terminal, or the pipe, through which a lesson and its learner talk.
final class Conversation {
  let output: any OutputSink
  let text: EngineText
  private let lines: any LineSource
  private let currentStyle: () -> TextStyle
  /// Lines written since the learner was last asked something.
  private var written = 0
  private var endsWithGap = false
  /// What Tab does at the prompt that is shown.
  private(set) var complete: (String) -> Completion = { _ in .nothing }

  /// - Parameter style: asked for anew at each use, as windows change.
  init(
    lines: any LineSource, output: any OutputSink, text: EngineText,
    style: @escaping () -> TextStyle
  ) {
    self.lines = lines
    self.output = output
    self.text = text
    currentStyle = style
  }

  var style: TextStyle { currentStyle() }
  var source: any LineSource { lines }
  var isInteractive: Bool { lines.isInteractive }

  /// What the learner gave at a prompt.
  enum Reply: Equatable {
    case line(String)
    case interrupted
    case end
  }

  /// Asks for a line.
  func ask(_ prompt: String, complete: @escaping (String) -> Completion = { _ in .nothing })
    -> Reply
  {
    self.complete = complete
    defer { self.complete = { _ in .nothing } }
    written = 0
    endsWithGap = false
    Interrupts.clear()
    switch lines.next(prompt: prompt) {
    case .line(let line): return .line(line)
    case .interrupted, .switchScreen:
      Interrupts.clear()
      return .interrupted
    case .end: return .end
    }
  }

  /// Has something else read from the learner, as the debugger does.
  func lend<T>(complete: @escaping (String) -> Completion, _ body: (any LineSource) -> T) -> T {
    self.complete = complete
    defer { self.complete = { _ in .nothing } }
    written = 0
    endsWithGap = false
    return body(lines)
  }

  /// Writes lines, waiting at the end of each screen.
  func show(_ lines: [String]) {
    for line in lines {
      // The prompt below takes a line, and one stays to go on reading from.
      if isInteractive, written >= style.height - 2 {
        written = 0
        _ = self.lines.next(prompt: text(.more) + " ")
      }
      output.write(line + "\n")
      endsWithGap = line.isEmpty
      written += 1
    }
  }

  /// An empty line, where the last is none.
  func gap() { if !endsWithGap { show([""]) } }

  /// A sentence of the engine, wrapped.
  func say(_ sentence: String, as look: Span.Style = .plain) {
    let style = style
    let spans = Span.parse(sentence).map {
      $0.style == .plain ? Span(text: $0.text, style: look) : $0
    }
    show(StyledLine(spans).broken(to: min(style.width, 84)).map { style.paint($0) })
  }

  func say(_ phrase: Phrase, _ arguments: String...) {
    var sentence = text(phrase)
    for (index, argument) in arguments.enumerated() {
      sentence = sentence.replacing("{\(index)}", with: argument)
    }
    say(sentence)
  }
}
