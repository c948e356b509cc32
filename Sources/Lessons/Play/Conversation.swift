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
  /// What was typed where a screen waited to be read.
  private var typedAhead: Reply?
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
  ///
  /// - Parameters:
  ///   - complete: what Tab makes of what is typed.
  ///   - read: reads it from the source otherwise than with the prompt, as the debugger does.
  func ask(
    _ prompt: String, _ complete: @escaping (String) -> Completion = { _ in .nothing },
    by read: ((any LineSource) -> LineReply)? = nil
  ) -> Reply {
    self.complete = complete
    defer { self.complete = { _ in .nothing } }
    written = 0
    endsWithGap = false
    if let reply = typedAhead {
      typedAhead = nil
      return reply
    }
    Interrupts.clear()
    switch read.map({ $0(lines) }) ?? lines.next(prompt: prompt) {
    case .line(let line): return .line(line)
    case .interrupted, .switchScreen:
      Interrupts.clear()
      return .interrupted
    case .end: return .end
    }
  }

  /// Writes lines, waiting at the end of each screen.
  func show(_ lines: [String]) {
    for line in lines {
      // The prompt below takes a line, and one stays to go on reading from.
      if isInteractive, typedAhead == nil, written >= style.height - 2 {
        written = 0
        waitForMore()
      }
      output.write(line + "\n")
      endsWithGap = line.isEmpty
      written += 1
    }
  }

  /// Has a command be the answer at the next prompt.
  func hear(_ command: LessonCommand) { typedAhead = .line("." + command.rawValue) }

  /// A command of the lesson is done at the next prompt, and what is left to read goes by.
  private func waitForMore() {
    switch lines.next(prompt: text(.more) + " ") {
    case .line(let line):
      if let command = LessonCommand(line, dotted: false) { hear(command) }
    case .end: typedAhead = .end
    case .interrupted, .switchScreen: Interrupts.clear()
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
