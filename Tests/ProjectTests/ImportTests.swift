import Foundation
import Testing

/// The floors of ARCHITECTURE.md: imports run strictly downwards, and each outside package enters
/// through one module alone.
@Suite struct ImportTests {
  static let floors: [String: Int] = [
    "Basics": 0, "CKernels": 0, "Quantization": 1, "GGUF": 2, "Tokenization": 3, "Inference": 4,
    "TraceStore": 5, "Recording": 6, "CTerminal": 5, "CLibEdit": 6, "CNcurses": 6,
    "Training": 7, "Debugger": 7, "Lessons": 8, "nibble": 9,
  ]
  /// Outside packages, and the one module that brings each in.
  static let doors: [String: String] = [
    "Algorithms": "Basics", "ArgumentParser": "nibble", "CLibEdit": "Debugger",
    "CNcurses": "Debugger",
    "CTerminal": "Debugger", "GRDB": "TraceStore", "GRDBSQLite": "TraceStore",
    "LessonContent": "Lessons", "SystemPackage": "Basics", "Yams": "Lessons",
  ]
  static let system: Set<String> = [
    "Foundation", "Dispatch", "Synchronization", "Glibc", "Musl", "Darwin",
  ]

  static let sources = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Sources")

  struct Import {
    let module: String
    let imported: String
    let file: String
  }

  static func imports() throws -> [Import] {
    let root = sources.standardizedFileURL.path + "/"
    let paths = try FileManager.default.subpathsOfDirectory(atPath: root)
    var found: [Import] = []
    for file in paths where file.hasSuffix(".swift") {
      let module = String(file.prefix { $0 != "/" })
      let text = try String(contentsOfFile: root + file, encoding: .utf8)
      for line in text.split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        guard let place = words.firstIndex(of: "import"), place + 1 < words.count else { continue }
        let before = words[..<place]
        guard before.allSatisfy({ $0.hasPrefix("@") || $0 == "public" }) else { continue }
        found.append(Import(module: module, imported: words[place + 1], file: file))
      }
    }
    return found
  }

  @Test func everyModuleHasAFloor() throws {
    let modules = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
      .filter { !$0.hasPrefix(".") }
    #expect(Set(modules) == Set(Self.floors.keys))
  }

  @Test func importsRunDownwards() throws {
    let imports = try Self.imports()
    #expect(imports.count > 50, "the imports were found")
    for item in imports where !Self.system.contains(item.imported) {
      if let door = Self.doors[item.imported] {
        #expect(item.module == door, "\(item.file) imports \(item.imported)")
      } else {
        let from = try #require(Self.floors[item.module], "\(item.file)")
        let to = try #require(Self.floors[item.imported], "\(item.file) imports \(item.imported)")
        #expect(to < from, "\(item.file) imports \(item.imported), which is no lower floor")
      }
    }
  }

  /// Rows are read through GRDB, but for three that need SQLite itself.
  @Test func theCAPIIsLeftToThree() throws {
    let folders = ["Recorder", "Search", "Queries"].map { "TraceStore/\($0)/" }
    for item in try Self.imports() where item.imported == "GRDBSQLite" {
      #expect(folders.contains { item.file.hasPrefix($0) }, "\(item.file) imports GRDBSQLite")
    }
  }
}
