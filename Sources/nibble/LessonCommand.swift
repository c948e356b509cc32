import ArgumentParser
import Foundation
import Lessons

struct LessonTools: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lesson", abstract: "Write lessons: make a new one, and check them.",
    subcommands: [Check.self])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that lessons can be passed, and by their solutions alone.",
      discussion: """
        Every step's own solution has to pass; an untouched attempt and every listed wrong one has to \
        fail; every number in the prose has to be measured; all languages have to say the same. Exit \
        code 1 where something does not hold.

        EXAMPLE: nibble lesson check
                 nibble lesson check --lessons lessons/course 2
        """)

    @Argument(help: "A lesson's number or name (default: all).")
    var lesson: String?
    @OptionGroup var model: ModelOption
    @OptionGroup var course: CourseArguments

    func run() throws {
      let all = try Course(folder: course.folder)
      let line = ProgressLine()
      var failures = 0
      for name in try lesson.map({ [try all.find($0)] }) ?? all.names {
        let problems: [String]
        do {
          problems = LessonCheck(try all.lesson(named: name), model: model.model).problems {
            line.show("\(name): \($0)")
          }
        } catch {
          problems = ["\(error)"]
        }
        line.clear()
        Output.line(problems.isEmpty ? "ok    \(name)" : "FAIL  \(name)")
        for problem in problems { Output.line("      \(problem)") }
        failures += problems.isEmpty ? 0 : 1
        Output.flush()
      }
      if failures > 0 { throw ExitCode(1) }
    }
  }
}
