import ArgumentParser
import Foundation
import Lessons

struct LessonTools: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lesson", abstract: "Write lessons: begin a new one, check them.",
    subcommands: [Check.self, New.self])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that lessons can be passed, and by the right answers alone.",
      discussion: """
        Every step's own solution has to pass; an untouched attempt and every listed wrong one has to \
        fail; every number in the prose has to be measured; all languages have to say the same. Exit \
        code 1 where something does not hold.

        EXAMPLE: nibble lesson check
                 nibble lesson check ./my-lesson
                 nibble lesson check --lessons lessons/course 2
        """)

    @Argument(help: "A lesson's number, name or folder (default: all, and the summary).")
    var lesson: String?
    @OptionGroup var model: ModelOption
    @OptionGroup var course: CourseArguments

    func run() throws {
      let all = try Course(folder: course.folder)
      let line = ProgressLine()
      var failures = 0
      CourseCheck(all, model: model.model).run(
        try lesson.map { [try all.find($0)] }, progress: { line.show("\($0): \($1)") },
        done: { result in
          line.clear()
          Output.line("\(result.problems.isEmpty ? "ok  " : "FAIL")  \(result.name)")
          for problem in result.problems { Output.line("      \(problem)") }
          Output.flush()
          failures += result.problems.isEmpty ? 0 : 1
        })
      if failures > 0 { throw ExitCode(1) }
    }
  }

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make the folder of a new lesson, which passes its check.",
      discussion: """
        docs/lessons.md says what a lesson can be made of.

        EXAMPLE: nibble lesson new my-lesson
        """)

    @Argument(help: "Its name: letters, digits and hyphens. It gets the next number.")
    var name: String
    @Option(
      help: "The folder that it is put in (default: lessons/course where there is one, else here).",
      completion: .directory)
    var lessons: String?

    func run() throws {
      let isProject = FileManager.default.fileExists(atPath: "lessons/course")
      let course = lessons ?? (isProject ? "lessons/course" : ".")
      let folder = try NewLesson.make(name, in: URL(fileURLWithPath: course, isDirectory: true))
      let path = "\(course)/\(folder.lastPathComponent)"
      Output.line(path)
      printError(
        "Next: `nibble lesson check \(shellWord(path))`, or `nibble learn \(shellWord(path))`")
    }
  }
}
