import Foundation
import Testing

@testable import Lessons

@Suite struct ProgressTests {
  @Test func isKept() throws {
    let scratch = try Scratch()
    var progress = LessonProgress(model: "smollm2")
    progress.step = "two"
    progress.said = ["one": "12"]
    try ProgressFile(folder: scratch.url).keep(progress, of: "02-a")
    try ProgressFile(folder: scratch.url).keep(LessonProgress(), of: "03-b")
    let read = ProgressFile(folder: scratch.url)
    #expect(read["02-a"] == progress)
    #expect(read["03-b"] == LessonProgress())
    #expect(read.problem == nil)
  }

  @Test func whatAnotherProcessKeptStays() throws {
    let scratch = try Scratch()
    let one = ProgressFile(folder: scratch.url)
    let other = ProgressFile(folder: scratch.url)
    try one.keep(LessonProgress(model: "a"), of: "01")
    try other.keep(LessonProgress(model: "b"), of: "02")
    #expect(ProgressFile(folder: scratch.url)["01"]?.model == "a")
  }

  @Test(arguments: ["", "{", "[]", "{\"version\": 1, \"lessons\": 3}", "\u{0}\u{1}"])
  func aDamagedFileIsPutAside(_ text: String) throws {
    let scratch = try Scratch()
    try scratch.write(text, to: "progress.json")
    try scratch.write("older", to: "progress.json.damaged")
    let file = ProgressFile(folder: scratch.url)
    let kept = scratch.url.path + "/progress.json.damaged-2"
    #expect(file.problem == .damaged(keptAs: kept))
    #expect(try String(contentsOfFile: kept, encoding: .utf8) == text)
    try file.keep(LessonProgress(), of: "01")
    #expect(ProgressFile(folder: scratch.url).problem == nil)
  }

  @Test func aNewerFileIsLeftAsItIs() throws {
    let scratch = try Scratch()
    let text = "{\"version\": 99, \"lessons\": [], \"more\": 1}"
    try scratch.write(text, to: "progress.json")
    let file = ProgressFile(folder: scratch.url)
    #expect(file.problem == .newer(path: file.url.path))
    try file.keep(LessonProgress(), of: "01")
    #expect(try String(contentsOf: file.url, encoding: .utf8) == text)
  }

  @Test func aFolderThatCannotBeWrittenIsSaid() throws {
    let scratch = try Scratch()
    try scratch.write("", to: "file")
    let file = ProgressFile(folder: scratch.url.appendingPathComponent("file/state"))
    #expect(throws: LessonError.self) { try file.keep(LessonProgress(), of: "01") }
  }
}
