import ArgumentParser
import Foundation
import GGUF
import Inference
import Quantization
import Recording

struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model with its matrices packed as another type.",
    discussion: "EXAMPLE: nibble quantize model-f16.gguf model-q4_0.gguf --type q4_0")

  @Argument(help: "A GGUF file, or a model of `nibble models`.")
  var input: String
  @Argument(help: "Where the new file goes.")
  var output: String
  @Option(help: "The type of the matrices: q4_0, q4_1, q4_k, q8_0, f16, bf16 or f32.")
  var type: TensorType
  @Option(help: "Threads (default: one for each processor).")
  var threads = processorCount

  /// An older model at the output is replaced; the input itself and any other file are not.
  private func refuseToReplace(_ source: GGUFFile) throws {
    guard FileManager.default.fileExists(atPath: output) else { return }
    let real = [source.path, output].map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
    if real[0] == real[1] {
      throw RecordingError.badOption("\(output): is the input; name another output.")
    }
    var isDirectory: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: output, isDirectory: &isDirectory)
    if !isDirectory.boolValue, (try? GGUFFile(path: output)) == nil {
      throw RecordingError.badOption(
        "\(output): exists and is no GGUF file, so it is not replaced; name another output.")
    }
  }

  func run() throws {
    let source = try GGUFFile(path: try ModelCatalogue.path(of: input))
    try refuseToReplace(source)
    let quantizer = try GGUFQuantizer(target: type, threads: threads)
    let interrupts = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    signal(SIGINT, SIG_IGN)
    interrupts.setEventHandler {
      GGUFWriter.removeUnfinished(beside: output)
      printError("nibble: interrupted; \(output) was not written.")
      Foundation.exit(1)
    }
    interrupts.resume()
    var before = 0
    var after = 0
    var weights = 0
    Output.line("tensor                          from   to          rmse  max error  bits/weight")
    try quantizer.quantize(source, to: output) { report in
      before += report.bytesBefore
      after += report.bytesAfter
      weights += report.shape.reduce(1, *)
      let name = report.name.padding(toLength: 30, withPad: " ", startingAt: 0)
      let types = [report.from, report.to].map {
        $0.padding(toLength: 5, withPad: " ", startingAt: 0)
      }.joined(separator: "  ")
      let error = report.statistics.map {
        String(format: "%10.3g %10.3g", $0.rmse, $0.maximumError)
      }
      let bits = String(format: "%12.4g", report.bitsPerWeight)
      var note = ""
      if case .fellBack(let size) = report.outcome {
        note = "  rows are no multiple of \(size)"
      }
      let errors = error ?? "                    -"
      Output.line("\(name)  \(types) \(errors) \(bits)\(note)")
      Output.flush()
    }
    let bits = String(format: "%.3g", Double(after) * 8 / Double(max(weights, 1)))
    Output.line("\(formatBytes(before)) became \(formatBytes(after)): \(bits) bits per weight")
    printError("Next: `nibble run -m \(shellWord(output)) -p \"Once upon a time\"`")
  }
}

extension TensorType: ExpressibleByArgument {
  public init?(argument: String) {
    self.init(name: argument)
    if !canEncode { return nil }
  }

  public static var allValueStrings: [String] { allCases.filter(\.canEncode).map(\.name) }
}
