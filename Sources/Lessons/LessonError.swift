/// What can go wrong with the course; each says what to do.
public enum LessonError: Error, Equatable, CustomStringConvertible {
  /// A lesson's file is not as docs/lessons.md has it.
  case file(path: String, line: Int?, problem: String)
  /// No lesson has this name or number.
  case unknownLesson(String, known: [String])
  /// Several lessons have this in their names.
  case ambiguousLesson(String, matches: [String])
  /// A folder holds no lesson.
  case noLessons(folder: String)
  /// A value or fact is used that the lesson does not define.
  case unknownValue(name: String, known: [String])
  /// A value cannot be measured before this recording has been made.
  case notRecorded(trace: String)
  /// A value's query does not give one row of one column, or not what is needed.
  case badValue(name: String, problem: String)
  /// A query of the lesson failed.
  case query(of: String, problem: String)
  /// A template's format does not suit, or is none.
  case badFormat(template: String, problem: String)
  /// What the learner's progress is kept in cannot be written.
  case cannotWrite(path: String, reason: String)
  /// What is to be made is there already.
  case exists(path: String)
  /// A name that a lesson cannot have.
  case badName(String)

  public var description: String {
    switch self {
    case .file(let path, let line, let problem):
      "\(path)\(line.map { ":\($0)" } ?? ""): \(problem)."
    case .unknownLesson(let name, let known):
      "There is no lesson \"\(name)\"; there are \(known.joined(separator: ", ")), and one of your own "
        + "is named by its folder, as ./my-lesson."
    case .ambiguousLesson(let name, let matches):
      "Several lessons can be meant by \"\(name)\": \(matches.joined(separator: ", ")); name one of them."
    case .noLessons(let folder):
      "\(folder): holds no lesson; a lesson is a folder with a lesson.yml."
    case .unknownValue(let name, let known):
      "There is no value or fact \"\(name)\""
        + (known.isEmpty ? "." : "; there are \(known.prefix(12).joined(separator: ", "))")
        + (known.count > 12 ? " and \(known.count - 12) more." : known.isEmpty ? "" : ".")
    case .notRecorded(let trace):
      "\"\(trace)\" has not been recorded yet."
    case .badValue(let name, let problem):
      "The value \"\(name)\" \(problem)."
    case .query(let name, let problem):
      "\(name): \(problem)"
    case .badFormat(let template, let problem):
      "{{\(template)}}: \(problem)."
    case .cannotWrite(let path, let reason):
      "\(path): cannot be written (\(reason))."
    case .exists(let path):
      "\(path): is there already; choose another name."
    case .badName(let name):
      "\"\(name)\" cannot be a lesson's name; it takes letters, digits and hyphens."
    }
  }
}
