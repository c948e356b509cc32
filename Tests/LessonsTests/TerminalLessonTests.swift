import Basics
import Foundation
import TestSupport
import Testing
import TraceStore

@testable import Lessons

/// Every lesson of the course, checked, and played with the real program on a terminal of 80 × 24
/// by its solutions, in every language. A lesson is covered by being there.
@Suite(.serialized) struct TerminalLessonTests {
  /// The program, beside these tests.
  static let program = Bundle.main.bundleURL.resolvingSymlinksInPath()
    .appendingPathComponent("nibble")

  private static func lesson(_ name: String) throws -> Lesson {
    try Lesson(folder: Project.course.appendingPathComponent(name, isDirectory: true))
  }

  @Test(arguments: Project.names)
  func holdsAndCanBePlayed(_ name: String) throws {
    let scratch = try Scratch()
    let lesson = try Self.lesson(name)
    let proved = try ProgressFile(folder: scratch.url.appendingPathComponent("nibble"))
      .recordings(of: name, model: nil).folder
    let problems = LessonCheck(lesson).problems(in: proved)
    try #require(problems == [], "\(problems.joined(separator: "\n"))")
    let values = Values(
      facts: lesson.facts, queries: lesson.values, recordings: Recordings(folder: proved))
    // On the recordings that are there already, straight through.
    try play(lesson, values, .simplifiedChinese, state: scratch.url)
    // From nothing, with wrong answers, left in the middle.
    let empty = try Scratch()
    try play(lesson, values, .english, state: empty.url, stumbles: true)
  }

  /// The course as a whole, with what closes it.
  @Test func theSummaryIsMeasured() throws {
    let scratch = try Scratch()
    let summary = Project.lessons.appendingPathComponent("summary")
    let file = ProgressFile(folder: scratch.url)
    let nothing = try Summary(folder: summary, progress: file)
    let text = try EngineText(.english)
    #expect(nothing.markdown(text).contains("nibble learn 03-the-misconception"))
    let course = try Course(folder: Project.course)
    for name in course.names where ["03", "04", "06"].contains(name.prefix(2)) {
      let folder = try file.recordings(of: name, model: nil).folder
      let problems = LessonCheck(try Self.lesson(name)).problems(in: folder)
      try #require(problems == [])
    }
    let measured = try Summary(folder: summary, progress: file)
    #expect(measured.problems() == [])
    let saved = scratch.url.appendingPathComponent("mine.md")
    try measured.save(text, to: saved.path, asTyped: { $0 })
    let written = try String(contentsOf: saved, encoding: .utf8)
    #expect(written.contains("](mine-blow-up.svg)"))
    let picture = try String(
      contentsOf: scratch.url.appendingPathComponent("mine-blow-up.svg"), encoding: .utf8)
    #expect(picture.contains("<svg"))
    for language in Language.allCases {
      let markdown = measured.markdown(try EngineText(language))
      #expect(!markdown.contains("{{"))
      #expect(markdown.contains("█"), "a plot")
      #expect(markdown.components(separatedBy: "\n## ").count == 5, "four questions")
    }
  }

  // MARK: - Playing

  /// What a step asks for its lines with.
  private func prompt(of step: Lesson.Step, _ text: EngineText) -> String {
    switch step.kind {
    case is SQLStep: "sql> "
    case is DebuggerStep: "(nibble) "
    case is PredictStep: text(.answerPrompt)
    case is ExplainStep: text(.choicePrompt)
    default: text(.enter)
    }
  }

  /// Lines that must not pass a step.
  private func wrong(of step: Lesson.Step, _ values: Values) throws -> [String] {
    switch step.kind {
    case let kind as SQLStep:
      let first = kind.wrong.first ?? "SELECT nothing"
      return first.split(separator: "\n").map(String.init) + [""]
    case let kind as ExplainStep:
      let right = try kind.choices.right(values)
      return kind.choices.keys.filter { $0 != right }.map(kind.choices.letter)
    case is PredictStep: return ["a lot"]
    case is DebuggerStep: return [".hint", "no such command"]
    default: return ["info"]
    }
  }

  private func start(_ lesson: Lesson, _ language: Language, _ state: URL) throws -> PseudoTerminal
  {
    try PseudoTerminal(
      Self.program,
      ["learn", lesson.name, "--lessons", Project.course.path, "--lang", language.rawValue],
      home: state.path,
      environment: ["XDG_STATE_HOME": state.path, "NIBBLE_MODELS": ModelFolder.path])
  }

  private func play(
    _ lesson: Lesson, _ values: Values, _ language: Language, state: URL, stumbles: Bool = false
  ) throws {
    let text = try EngineText(language)
    var terminal = try start(lesson, language, state)
    for (index, step) in lesson.steps.enumerated() {
      var lines = try step.kind.solutionLines(values)
      if stumbles { lines = try wrong(of: step, values) + lines }
      let asks = prompt(of: step, text)
      if stumbles, index == lesson.steps.count / 2 {
        try wait(for: [asks], terminal, text)
        // ^C gives up a line alone, ^D leaves the lesson.
        terminal.type("hin")
        try terminal.expect("hin")
        terminal.send(signal: SIGINT)
        try wait(for: [asks], terminal, text)
        terminal.type("\u{4}")
        try terminal.expect("nibble learn \(lesson.name)")
        #expect(terminal.wait() == 0)
        #expect(terminal.isAsItWas)
        checkWidth(terminal.output)
        terminal = try start(lesson, language, state)
        try terminal.expect(
          text(.resumed, "\(index + 1)", "\(lesson.steps.count)").prefix(24).description)
      }
      for line in lines {
        try wait(for: [asks, "...> "], terminal, text)
        terminal.type(line + "\r")
      }
    }
    try wait(for: [lesson.title(in: language)], terminal, text)
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
    checkWidth(terminal.output)
    let progress = ProgressFile(folder: state.appendingPathComponent("nibble"))[lesson.name]
    #expect(progress?.isFinished == true)
    #expect(progress?.skipped == [])
  }

  /// Waits for a prompt, going on past the end of each screen.
  private func wait(for prompts: [String], _ terminal: PseudoTerminal, _ text: EngineText) throws {
    while try terminal.expect(anyOf: prompts + [text(.more)]) == prompts.count {
      terminal.type("\r")
    }
  }

  /// No line that the lesson writes is wider than the terminal.
  private func checkWidth(_ output: String) {
    let plain = output.replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "")
    for line in plain.split(whereSeparator: \.isNewline) {
      let isTyped = [">", "(nibble)", "nibble record"].contains { line.contains($0) }
      #expect(isTyped || displayWidth(String(line)) <= 80, "\(line)")
    }
  }
}

/// Where models are kept on this machine, for a program with another home.
private enum ModelFolder {
  static var path: String {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["NIBBLE_MODELS"], !folder.isEmpty { return folder }
    let cache =
      environment["XDG_CACHE_HOME"].map { URL(fileURLWithPath: $0) }
      ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache")
    return cache.appendingPathComponent("nibble/models").path
  }
}
