import Foundation
import TestSupport
import Testing

/// `--original` with a name of the catalogue, as `-m` takes it.
@Suite struct OriginalNameTests {
  private let nibble: Nibble

  init() throws { nibble = try Nibble() }

  /// A folder of models in which tiny as f16 lies where the catalogue has smollm2.
  private static let models = "NIBBLE_MODELS=models"

  private func makeModels() throws {
    try FileManager.default.createDirectory(
      atPath: nibble.path("models"), withIntermediateDirectories: false)
    let made = try nibble(
      "quantize", "tiny", "models/SmolLM2-135M-Instruct.Q4_1.gguf", "--type", "f16")
    try #require(made.code == 0, "\(made.errors)")
  }

  @Test func itIsFoundAsAModelIs() throws {
    try makeModels()
    let recorded = try nibble.shell(
      "\(Self.models) $NIBBLE record -m tiny -n 1 --original smollm2 -o t.sqlite")
    #expect(recorded.code == 0, "\(recorded.errors)")
    let measured = try nibble(
      "sql", "t.sqlite", "SELECT count(*) = count(error_rms) AS all_are FROM weight_tile",
      "--format", "csv")
    #expect(measured.output == "all_are\n1\n")
    let explained = try nibble.shell(
      "\(Self.models) $NIBBLE step t.sqlite --original smollm2 --batch -ex 'goto pass 1' "
        + "-ex 'why 2 ffn_gate-1[3]'")
    #expect(explained.code == 0, "\(explained.errors)")
    #expect(explained.output.contains("what int4 changed in the sum"))
  }

  @Test(arguments: ["record -n 0 -o new.sqlite", "step t.sqlite --batch -ex where"])
  func whatIsNoOriginalIsOneSentence(command: String) throws {
    #expect(try nibble("record", "-n", "0", "-o", "t.sqlite").code == 0)
    for (name, part) in [
      ("smollm2", "The model 'smollm2' is not there"), ("smol", "no model of that name"),
      ("tiny", "and not of F32, F16 or BF16"),
    ] {
      let result = try nibble.shell("\(Self.models) $NIBBLE \(command) --original \(name)")
      #expect(result.code == 1)
      #expect(result.sentence?.contains(part) == true, "\(result.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: nibble.path("new.sqlite")))
  }
}
