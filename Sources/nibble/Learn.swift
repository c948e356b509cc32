import ArgumentParser
import Debugger
import Foundation
import Lessons

struct Learn: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Learn int4 from a course whose every number is measured on your own run.",
    discussion: """
      Without a name, lists the lessons with how far you are. Progress and recordings are kept in \
      $XDG_STATE_HOME/nibble, so that a lesson goes on where you left it.

      EXAMPLE: nibble learn
               nibble learn 2
               nibble learn tile -m smollm2
               nibble learn ./my-lesson
      """)

  @Argument(
    help:
      """
      A lesson's number, name or folder, or summary: what your recordings say, put together.
      """)
  var lesson: String?
  @OptionGroup var model: ModelOption
  @OptionGroup var course: CourseArguments
  @Option(help: "The language, en or zh-Hans (default: that of the locale).")
  var lang: Language?
  @Flag(help: "Begin the lesson anew on this model, and record anew.")
  var restart = false

  @Option(name: .shortAndLong, help: "With summary: a Markdown file to save it as.")
  var output: String?

  func validate() throws {
    if output != nil, lesson != "summary" {
      throw ValidationError("-o saves the summary: nibble learn summary -o FILE.md")
    }
    if restart, lesson == nil || lesson == "summary" {
      throw ValidationError("--restart needs the lesson that begins anew.")
    }
  }

  func run() throws {
    let language = lang ?? Language.of(environment: ProcessInfo.processInfo.environment)
    let learning = try Learning(folder: course.folder, language: language)
    guard let lesson else {
      if let problem = learning.problem { printError(problem) }
      return Output.line(asTyped(try learning.list().joined(separator: "\n")))
    }
    if lesson == "summary" { return try showSummary(learning.summary(), learning.text) }
    Output.flush()
    try learning.play(lesson, model: model.model, restarts: restart)
  }
}

extension Learn {
  private func showSummary(_ summary: Summary, _ text: EngineText) throws {
    guard let output else {
      let lines = summary.lines(text, style: .standardOutput())
      return Output.line(asTyped(lines.joined(separator: "\n")))
    }
    try summary.save(text, to: output, asTyped: asTyped)
    printError(text.saved(as: output))
  }
}

/// Where lessons are looked for.
struct CourseArguments: ParsableArguments {
  @Option(
    help: "The folder that the lessons lie in, instead of those that come with nibble.",
    completion: .directory)
  var lessons: String?

  var folder: URL? { lessons.map { URL(fileURLWithPath: $0, isDirectory: true) } }
}

extension Language: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
