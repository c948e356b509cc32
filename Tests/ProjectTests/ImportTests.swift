import Foundation
import Testing

/// The layers of ARCHITECTURE.md: imports run strictly downwards, and each outside package enters
/// through one module alone.
@Suite struct ImportTests {
  static let layers: [String: Int] = [
    "Basics": 0, "CKernels": 0, "Events": 0, "Quantization": 1, "ModelFiles": 2, "Tokenization": 3,
    "Inference": 4, "TraceStore": 5, "Recording": 6, "CTerminal": 5, "CLibEdit": 6, "CNcurses": 6,
    "Training": 7, "Debugger": 7, "Lessons": 8, "nibble": 9,
  ]
  /// Outside packages, and the one module that brings each in.
  static let entries: [String: String] = [
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

  static func imports(in folder: URL = sources) throws -> [Import] {
    let root = folder.standardizedFileURL.path + "/"
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

  /// What Package.swift lists for each target: modules of ours and products of others.
  static func dependencies() throws -> [String: Set<String>] {
    let package = sources.deletingLastPathComponent().appending(path: "Package.swift")
    let text = try String(contentsOf: package, encoding: .utf8)
    let target = /arget\(\s*name: "(\w+)"(?:, path: "[^"]*")?(?:,\s*dependencies: \[([^\]]*)\])?/
    var found: [String: Set<String>] = [:]
    for match in text.matches(of: target) {
      // A product is called `.product(name: "GRDB", package: "GRDB.swift")`.
      let list = (match.2 ?? "").replacing(/, package: "[^"]*"/, with: "")
      found[String(match.1)] = Set(list.matches(of: /"(\w+)"/).map { String($0.1) })
    }
    return found
  }

  @Test func everyModuleHasAFloor() throws {
    let modules = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
      .filter { !$0.hasPrefix(".") }
    #expect(Set(modules) == Set(Self.layers.keys))
  }

  @Test func importsRunDownwards() throws {
    let imports = try Self.imports()
    #expect(imports.count > 50, "the imports were found")
    for item in imports where !Self.system.contains(item.imported) {
      if let entry = Self.entries[item.imported] {
        #expect(item.module == entry, "\(item.file) imports \(item.imported)")
      } else {
        let from = try #require(Self.layers[item.module], "\(item.file)")
        let to = try #require(Self.layers[item.imported], "\(item.file) imports \(item.imported)")
        #expect(to < from, "\(item.file) imports \(item.imported), which is no lower layer")
      }
    }
  }

  /// A module that a target does not list may be built after it.
  @Test func everyImportIsListed() throws {
    let tests = Self.sources.deletingLastPathComponent().appending(path: "Tests")
    let imports = try Self.imports() + Self.imports(in: tests)
    let listed = try Self.dependencies()
    #expect(imports.count { $0.file.hasPrefix("TraceStoreTests/") } > 10, "the tests' were found")
    // Tests also hold Python that imports.
    let ours = Set(listed.keys).union(Self.entries.keys)
    for item in imports where ours.contains(item.imported) {
      let known = try #require(listed[item.module], "\(item.file)")
      #expect(
        known.contains(item.imported),
        "\(item.file) imports \(item.imported), which Package.swift does not list")
    }
  }

  /// Any program could write a trace: what an engine tells it is in Events.
  @Test func aTraceKnowsNoEngine() throws {
    let listed = try Self.dependencies()
    #expect(listed["Events"] == [])
    #expect(
      listed["TraceStore"] == ["Basics", "CKernels", "Events", "GRDB", "GRDBSQLite"])
  }

  /// Rows are read through GRDB, but for three that need SQLite itself.
  @Test func theCAPIIsLeftToThree() throws {
    let folders = ["Recorder", "Search", "Queries"].map { "TraceStore/\($0)/" }
    for item in try Self.imports() where item.imported == "GRDBSQLite" {
      #expect(folders.contains { item.file.hasPrefix($0) }, "\(item.file) imports GRDBSQLite")
    }
  }
}
