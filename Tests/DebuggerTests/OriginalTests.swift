import Foundation
import ModelFiles
import Recording
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// What int4 cost, against the weights as they were before.
@Suite struct OriginalTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// With the dequantized weights as the original, all that int4 changed is the tile's rounding.
  @Test func theOriginalShowsWhatInt4Cost() throws {
    let original = folder.file("f32.gguf")
    let source = try GGUF(path: ModelCatalogue.path(of: nil))
    _ = try GGUFQuantizer(target: .f32).quantize(source, to: original)
    try Tiny.record(to: folder.file()) { $0.engine.strategy = .fused }
    let session = try Tiny.session(folder.file(), originalPath: original)
    try session.values.checkOriginal()
    let why = try session.explain("ffn_gate-1[3]")
    let sum = try #require(why.sum)
    #expect(sum.count > 0 && sum.originals == sum.values)
    let text = try why.lines(count: 2, style: TextStyle(width: 200)).joined(separator: "\n")
    #expect(text.contains(/int4 changed it by 0\.0+\n/))
    #expect(text.contains(/what int4 changed in the sum +\ = 0\.0+\n/))

    try Tiny.record(to: folder.file("tiled")) { $0.engine.strategy = .tiled }
    let tiled = try Tiny.session(folder.file("tiled"), originalPath: original)
    let rounded = try #require(try tiled.explain("ffn_gate-1[3]").sum)
    let originals = try #require(rounded.originals)
    #expect(zip(rounded.values, originals).count { $0 != $1 } > 100)
  }

  @Test func otherFilesAreNoOriginal() throws {
    try Tiny.record(to: folder.file(), count: 1)
    let quantized = try Tiny.session(folder.file(), originalPath: ModelCatalogue.path(of: nil))
    #expect { try quantized.values.checkOriginal() } throws: {
      "\($0)".contains("is of type") && "\($0)".contains("and not of F32, F16 or BF16")
    }
    try Rehearsal.llama.write(to: folder.file("other.gguf"))
    let other = try Tiny.session(folder.file(), originalPath: folder.file("other.gguf"))
    #expect(throws: RecordingError.self) { try other.values.checkOriginal() }
  }
}
