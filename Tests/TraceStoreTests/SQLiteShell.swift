import Foundation
import Testing

@testable import TraceStore

/// What sqlite3's own shell prints for a query.
func sqlite3(_ path: String, _ query: String, options: [String] = []) throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  // -init keeps a ~/.sqliterc out of it.
  process.arguments = ["sqlite3", "-init", "/dev/null"] + options + [path, query]
  let output = Pipe()
  let errors = Pipe()
  process.standardOutput = output
  process.standardError = errors
  try process.run()
  let data = output.fileHandleForReading.readDataToEndOfFile()
  let message = errors.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  try #require(
    process.terminationStatus == 0, "sqlite3: \(String(decoding: message, as: UTF8.self))")
  return String(decoding: data, as: UTF8.self)
}

extension Trace {
  /// All rows of a query.
  func rows(_ query: String) throws -> [[SQLValue]] {
    var result: [[SQLValue]] = []
    try run(
      query, columns: { _ in },
      row: {
        result.append($0)
        return true
      })
    return result
  }

  /// The first two columns of a query, as text.
  func pairs(_ query: String) throws -> [(String, String)] {
    try rows(query).map { ($0[0].text ?? "", $0[1].text ?? "") }
  }
}
