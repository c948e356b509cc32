import Foundation

/// Where the texts of the course are: copied whole beside the program.
public enum LessonContent {
  /// A folder for each lesson.
  public static var course: URL { folder("course") }
  /// What closes the course, written as a lesson is.
  public static var summary: URL { folder("summary") }
  /// The engine's own sentences, a file for each language.
  public static var engine: URL { folder("engine") }

  private static func folder(_ name: String) -> URL {
    Bundle.module.bundleURL.appendingPathComponent(name, isDirectory: true)
  }
}
