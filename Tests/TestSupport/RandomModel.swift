import Foundation

/// The file of a small random model of a family, packed as q4_0: `qwen3moe`, `gemma3`…
public func randomModel(_ family: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("InferenceTests/Fixtures/arch/\(family)-q4_0.gguf").path
}
