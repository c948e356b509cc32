import Debugger
import Foundation
import TraceStore

extension Player {
  /// Waits for Enter, or for a command of the lesson.
  func waitForEnter() throws -> Outcome {
    try attempt(prompt: text(.enter), judge: { _ in true })
  }

  /// Says why a step cannot be done, and lets the learner go on.
  func cannotDo(_ why: String) throws -> Outcome {
    talk.say(why)
    let outcome = try waitForEnter()
    return outcome == .passed ? .skipped : outcome
  }

  /// Asks until an answer passes, or a command ends the step.
  ///
  /// - Parameters:
  ///   - dotted: whether the commands have to begin with a dot here.
  ///   - manyLines: whether an answer goes on to a line that is empty or ends with a semicolon.
  ///   - showAnswer: what `skip` does before it goes on; whether it does go on.
  ///   - showQuestion: what `info` shows beside the question.
  ///   - ask: asks for a line in another way than with the prompt.
  ///   - judge: whether an answer passes; says itself why it does not.
  func attempt(
    prompt: String, dotted: Bool = false, manyLines: Bool = false,
    showAnswer: () throws -> Bool = { true }, showQuestion: () throws -> Void = {},
    ask: ((any LineSource) -> LineReply)? = nil,
    complete: @escaping (_ before: String, _ pending: String) -> Completion = { _, _ in .nothing },
    judge: (String) throws -> Bool
  ) throws -> Outcome {
    var hints = 0
    var answer = ""
    while true {
      let pending = answer
      let completes: (String) -> Completion = { before in
        pending.isEmpty && before.hasPrefix(".")
          ? Completion.of(before, among: LessonCommand.dottedWords) : complete(before, pending)
      }
      let reply = talk.ask(pending.isEmpty ? prompt + " " : "...> ", completes, by: ask)
      guard case .line(let line) = reply else {
        if reply == .end {
          if manyLines, !answer.isEmpty, try judge(answer) { return .passed }
          return .quit
        }
        answer = ""
        continue
      }
      if let command = LessonCommand(line, dotted: dotted || !answer.isEmpty) {
        // What was begun of an answer of several lines goes on after it.
        switch command {
        case .hint: showHint(&hints)
        case .skip:
          guard try showAnswer() else { continue }
          talk.say(.skipped)
          return .skipped
        case .play: try playFreely()
        case .back: return .back
        case .info: try showInfo(showQuestion)
        case .quit: return .quit
        case .help: talk.say(.lessonCommands)
        }
        continue
      }
      if manyLines {
        answer += answer.isEmpty ? line : "\n" + line
        let isEnded = line.trimmingCharacters(in: .whitespaces).hasSuffix(";")
        if !isEnded, !line.allSatisfy(\.isWhitespace) { continue }
      } else {
        answer = line
      }
      defer { answer = "" }
      if try judge(answer) { return .passed }
    }
  }

  /// The lines that pass a step.
  func showSolution(_ lines: [String]) {
    talk.say(.solution)
    talk.show(lines.map { "    " + talk.style.paint($0, .code) })
  }

  private func showHint(_ given: inout Int) {
    guard given < section.hints.count else { return talk.say(.noHint) }
    show(section.hints[given])
    given += 1
    let left = section.hints.count - given
    if left > 0 { talk.say(.hintsLeft, "\(left)") }
  }

  private func showInfo(_ showQuestion: () throws -> Void) throws {
    talk.say(
      .info, lesson.title(in: language), "\(index + 1)", "\(lesson.steps.count)",
      "\(progress.passed.count)", recordings.folder.path)
    talk.say(.lessonCommands)
    talk.gap()
    if let question = section.question {
      show(question)
      talk.gap()
    }
    try showQuestion()
  }

  /// The debugger on the recording of the step, or on the last one that was made; what is done there
  /// changes nothing in the step. A command of the lesson, with its dot, comes back and is done.
  private func playFreely() throws {
    let known = lesson.steps[...index].compactMap { $0.kind.playTrace }
    let trace =
      step.kind.playTrace.flatMap { recordings.has($0) ? $0 : nil }
      ?? known.last { recordings.has($0) }
    guard let trace else { return talk.say(.playedNothing) }
    let session = try DebuggerSession(
      trace: Trace(path: recordings.path(of: trace)), output: talk.output, style: talk.style)
    session.useTerminal(talk.source)
    defer { session.leaveTerminal() }
    talk.say(.playing, trace)
    try session.showPlace()
    while !session.isOver {
      let reply = talk.ask("", session.completion, by: session.nextLine)
      if reply == .end { break }
      guard case .line(let line) = reply else { continue }
      if ["done", ".done"].contains(line.trimmingCharacters(in: .whitespaces)) { break }
      if let command = LessonCommand(line, dotted: true), command != .play {
        talk.hear(command)
        break
      }
      session.answer(line, from: talk.source)
    }
    talk.say(.back)
    if let question = section.question { show(question) }
  }
}
