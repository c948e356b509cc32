import Foundation
import Testing

/// `nibble export --format html` as a user types it.
@Suite struct ExportPageTests {
  let nibble: Nibble

  init() throws {
    nibble = try Nibble()
    _ = try nibble("record", "-n", "2", "-p", "Once <b> upon", "-o", "a.sqlite")
  }

  @Test func thePageStandsAlone() throws {
    let result = try nibble("export", "a.sqlite", "--format", "html")
    #expect(result.code == 0 && result.output.hasPrefix("a.html: ") && result.errors.isEmpty)
    let page = try String(contentsOfFile: nibble.path("a.html"), encoding: .utf8)
    #expect(page.hasPrefix("<!doctype html>") && page.contains("<title>tiny · nibble</title>"))
    // Nothing is loaded: the only addresses in it are names of SVG.
    let addresses = page.components(separatedBy: "://").dropLast().map { $0.suffix(5) }
    #expect(Set(addresses).isSubset(of: [Substring("\"http")]))
    #expect(!page.contains("<b>") && page.contains("Once \\u003cb> upon"))
    let piped = try nibble("export", "a.sqlite", "--format", "html", "-o", "-")
    #expect(piped.output == page)
  }

  @Test func aSecondTraceAndAPassAreAskedFor() throws {
    _ = try nibble("record", "-n", "2", "--strategy", "fused", "-o", "b.sqlite")
    let result = try nibble(
      "export", "a.sqlite", "--with", "b.sqlite", "--pass", "1", "--format", "html", "-o", "x.html")
    #expect(result.code == 0)
    let page = try String(contentsOfFile: nibble.path("x.html"), encoding: .utf8)
    #expect(page.contains("\"name\":\"a.sqlite\"") && page.contains("\"name\":\"b.sqlite\""))
  }

  @Test func whatIsNotThereIsOneSentence() throws {
    let pass = try nibble("export", "a.sqlite", "--format", "html", "--pass", "9")
    #expect(pass.code == 1)
    #expect(pass.sentence == "nibble: a.sqlite: has no pass 9; its passes are 1 to 2.")
    let second = try nibble("export", "a.sqlite", "--format", "html", "--with", "none.sqlite")
    #expect(second.code == 1 && second.sentence?.contains("no such trace") == true)
    #expect(!FileManager.default.fileExists(atPath: nibble.path("a.html")))
    let json = try nibble("export", "a.sqlite", "--format", "json", "--pass", "1")
    #expect(json.code == 2)
  }
}
