import Foundation
import Testing

/// The house of DESIGN: imports run strictly downwards, and each outside package enters through
/// one module alone.
@Suite struct ImportTests {
  static let floors: [String: Int] = [
    "CKernels": 0, "Quantization": 1, "GGUF": 2, "Tokenization": 3, "Inference": 4,
    "TraceStore": 5, "Recording": 6, "CLibEdit": 6, "Debugger": 7, "nibble": 9,
  ]
  /// Outside packages, and the one module that brings each in.
  static let doors: [String: String] = [
    "ArgumentParser": "nibble", "CLibEdit": "Debugger", "GRDB": "TraceStore",
    "GRDBSQLite": "TraceStore",
  ]
  static let system: Set<String> = ["Foundation", "Dispatch", "Glibc", "Darwin", "Synchronization"]

  static let sources = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Sources")

  struct Import {
    let module: String
    let imported: String
    let file: String
  }

  static func imports() throws -> [Import] {
    let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
    return try (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
      .flatMap { file in
        let path = file.standardizedFileURL.path
        let inside = path.dropFirst(sources.standardizedFileURL.path.count + 1)
        let module = String(inside.prefix { $0 != "/" })
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
          .map { $0.trimmingCharacters(in: .whitespaces) }
          .filter { $0.contains("import ") && !$0.hasPrefix("//") }
          .compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
              words[..<place].allSatisfy({ $0.hasPrefix("@") || $0 == "public" })
            else { return nil }
            return Import(
              module: module, imported: String(words[place + 1]), file: String(inside))
          }
      }
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
}
