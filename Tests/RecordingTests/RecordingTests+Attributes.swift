import Foundation
import ModelFiles
import Recording
import Testing
import TraceStore

extension RecordingTests {
  /// A trace says what its operations were computed with, as the model file has it, and where.
  @Test(arguments: ["tiny", "smollm2"])
  func operationsSayWhatTheyAreComputedWith(_ model: String) throws {
    guard let file = try? ModelFile(path: ModelCatalogue.path(of: model)) else { return }
    var options = options(count: 2)
    options.model = model
    let path = try record(options).trace
    #expect(try file.metadata.string("general.architecture") == "llama")
    func int(_ key: String) throws -> Int { try file.metadata.int("llama.\(key)") }
    func float(_ key: String) throws -> Float { try file.metadata.float("llama.\(key)") }
    let (heads, kvHeads) = try (int("attention.head_count"), int("attention.head_count_kv"))
    let size = try int("embedding_length") / heads
    let norm = "{\"epsilon\":\(try float("attention.layer_norm_rms_epsilon"))}"
    let base = try float("rope.freq_base")
    func rope(_ heads: Int) -> String {
      "{\"base\":\(base),\"head_size\":\(size),\"heads\":\(heads),\"layout\":\"normal\"}"
    }
    let (query, key) = (
      "{\"head_size\":\(size),\"heads\":\(heads)}", "{\"head_size\":\(size),\"heads\":\(kvHeads)}"
    )
    let shared = "{\"head_size\":\(size),\"heads\":\(heads),\"kv_heads\":\(kvHeads)}"
    let scale = "{\"heads\":\(heads),\"scale\":\(1 / Float(size).squareRoot())}"
    let expected = [
      "Kcur": key, "Kcur_rope": rope(kvHeads), "Qcur": query, "Qcur_rope": rope(heads),
      "Vcur": key, "attn_norm": norm, "ffn_norm": norm, "kq": shared, "kq_soft_max": scale,
      "kqv_out": shared, "kv_append": key, "result_norm": norm,
    ]
    let stored = try rows(
      """
      SELECT DISTINCT rtrim(rtrim(name, '0123456789'), '-') AS stem, attributes FROM op
      WHERE attributes IS NOT NULL ORDER BY stem
      """, path)
    #expect(stored == expected.sorted { $0.key < $1.key }.map { [.text($0.key), .text($0.value)] })
    // Once a node: as often as the model has layers.
    let nodes = try rows("SELECT count(*), count(attributes), count(line) FROM _node", path)
    let layers = try int("block_count")
    #expect(
      nodes == [[.integer(18 * layers + 3), .integer(11 * layers + 1), .integer(18 * layers + 3)]])
    // The line of the forward pass that calls an operation names it.
    let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/Inference/Architectures/Llama.swift")
    let lines = try String(contentsOf: source, encoding: .utf8).components(separatedBy: "\n")
    let calls = try rows(
      "SELECT DISTINCT rtrim(rtrim(name, '0123456789'), '-'), line FROM op", path)
    #expect(calls.count == 21)
    for call in calls {
      guard case .text(let name) = call[0], case .integer(let line) = call[1] else {
        Issue.record("\(call)")
        continue
      }
      #expect(lines[line - 1].contains("\"\(name)\""), "\(name): line \(line)")
    }
  }
}
