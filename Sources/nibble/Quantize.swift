import ArgumentParser
import Basics
import Foundation
import ModelFiles
import Quantization
import Recording

struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model with its matrices packed as another type.",
    discussion: """
      A matrix whose rows are no multiple of 256 cannot be of a K type: it becomes q5_0 in place of \
      q4_k, q5_1 in place of q5_k, q8_0 in place of q6_k, as in llama.cpp. nf4 and fp4 are \
      bitsandbytes' types, with double-quantized scales; GGUF has no such type, so nibble alone \
      reads files that hold them.

      EXAMPLE: nibble quantize model-f16.gguf model-q4_k.gguf --type q4_k
               nibble quantize model-f16.gguf model.gguf --type q4_0 --keep 'token_embd*=q8_0'
      """)

  @Argument(help: "A GGUF file, or a model of `nibble models`.")
  var input: String
  @Argument(help: "Where the new file goes.")
  var output: String
  @Option(
    help: ArgumentHelp(
      "The type of the matrices: " + TensorType.allValueStrings.joined(separator: ", ") + "."))
  var type: TensorType
  @Option(
    help: ArgumentHelp(
      "Another type for matrices whose names match a pattern; the first that matches counts. "
        + "Without a type they stay as they are.", valueName: "pattern[=type]"))
  var keep: [KeepRule] = []
  @Option(help: "Threads (default: one for each processor).")
  var threads = processorCount
  @Option(help: "text or json.")
  var format = OutputFormat.text

  /// An older model at the output is replaced; the input itself and any other file are not.
  private func refuseToReplace(_ source: ModelFile) throws {
    guard FileManager.default.fileExists(atPath: output) else { return }
    let real = [source.path, output].map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
    if real[0] == real[1] {
      throw RecordingError.badOption("\(output): is the input; name another output.")
    }
    var isDirectory: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: output, isDirectory: &isDirectory)
    if !isDirectory.boolValue, (try? GGUF(path: output)) == nil {
      throw RecordingError.badOption(
        "\(output): exists and is no GGUF file, so it is not replaced; name another output.")
    }
  }

  func run() throws {
    let source = try GGUF(path: try ModelCatalogue.path(of: input))
    try refuseToReplace(source.model)
    let quantizer = try GGUFQuantizer(target: type, rules: keep.map(\.rule), threads: threads)
    warnOfRepacking(quantizer.repackedTypes(in: source.model))
    removeUnfinishedAtSignals()
    defer { Self.blockSignals(SIG_UNBLOCK) }
    let progress = ProgressLine()
    var reports: [GGUFQuantizer.Report] = []
    var table = Table(
      [
        ("tensor", .left), ("from", .left), ("to", .left), ("rmse", .right), ("max error", .right),
        ("bits/weight", .right), ("", .left),
      ], atLeast: [30, 5, 5, 9])
    if format == .text { Output.line(table.take()[0]) }
    try quantizer.quantize(source, to: output) { report in
      progress.clear()
      reports.append(report)
      if format == .text {
        table.add(Self.cells(report))
        Output.line(table.take()[0])
        Output.flush()
      }
      progress.show("\(reports.count) of \(source.model.tensors.count) tensors")
    }
    progress.clear()
    let totals = Totals(reports)
    switch format {
    case .text: Output.line(totals.text)
    case .json:
      Output.line(try json(Result(tensors: reports.map(TensorResult.init), totals: totals)))
    }
    printError("Next: `nibble run -m \(shellWord(output)) -p \"Once upon a time\"`")
  }

  private func warnOfRepacking(_ types: [TensorType]) {
    guard !types.isEmpty else { return }
    let names = types.map(\.name).joined(separator: ", ")
    printError(
      "warning: \(input) is packed as \(names) already, and packing it anew adds to what that lost; "
        + "a file of f16 or f32 gives better results.")
  }

  /// Ends the program at SIGINT and SIGTERM, with nothing left of the new file. If the system
  /// starts no thread that waits for them, they end it as they always do.
  private func removeUnfinishedAtSignals() {
    Self.blockSignals(SIG_BLOCK)
    let isWaiting = startThread { [output] in
      var signals = Self.signals
      var number: Int32 = 0
      sigwait(&signals, &number)
      AtomicFile.removeUnfinished(beside: output)
      printError("nibble: interrupted; \(output) was not written.")
      Foundation.exit(128 + number)  // as a shell tells it
    }
    if !isWaiting { Self.blockSignals(SIG_UNBLOCK) }
  }

  private static var signals: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
    return signals
  }

  private static func blockSignals(_ how: Int32) {
    var signals = signals
    pthread_sigmask(how, &signals, nil)
  }

  private static func cells(_ report: GGUFQuantizer.Report) -> [String] {
    let errors = report.statistics.map { [Double($0.rmse), Double($0.maximumError)] }
    var note = ""
    if case .fellBack(let size) = report.outcome { note = "rows are no multiple of \(size)" }
    return [report.name, report.from, report.to]
      + (errors?.map { String(format: "%.3g", $0) } ?? ["", "-"])
      + [String(format: "%.4g", report.bitsPerWeight), note]
  }

  private struct Totals: Encodable {
    let bytesBefore: Int
    let bytesAfter: Int
    let bitsPerWeight: Double
    let rmse: Double
    let maxError: Float
    let fellBack: Int

    init(_ reports: [GGUFQuantizer.Report]) {
      bytesBefore = reports.reduce(0) { $0 + $1.bytesBefore }
      bytesAfter = reports.reduce(0) { $0 + $1.bytesAfter }
      let weights = reports.reduce(0) { $0 + $1.shape.reduce(1, *) }
      bitsPerWeight = Double(bytesAfter) * 8 / Double(max(weights, 1))
      var all = QuantizationStatistics()
      for part in reports.compactMap(\.statistics) { all.add(part) }
      rmse = all.rmse
      maxError = all.maximumError
      fellBack = reports.count {
        if case .fellBack = $0.outcome { true } else { false }
      }
    }

    var text: String {
      let bits = String(format: "%.4g", bitsPerWeight)
      let errors = String(format: "rmse %.3g, max error %.3g", rmse, maxError)
      let others = fellBack > 0 ? "; \(plural(fellBack, "tensor")) fell back to another type" : ""
      return
        "\(formatBytes(bytesBefore)) became \(formatBytes(bytesAfter)): \(bits) bits per weight, "
        + errors + others
    }

    enum CodingKeys: String, CodingKey {
      case bytesBefore = "bytes_before"
      case bytesAfter = "bytes_after"
      case bitsPerWeight = "bits_per_weight"
      case rmse
      case maxError = "max_error"
      case fellBack = "fell_back"
    }
  }

  private struct TensorResult: Encodable {
    let name, from, to: String
    let shape: [Int]
    let bytes: Int
    let bitsPerWeight: Double
    let rmse: Double?
    let maxError: Float?

    init(_ report: GGUFQuantizer.Report) {
      name = report.name
      from = report.from
      to = report.to
      shape = report.shape
      bytes = report.bytesAfter
      bitsPerWeight = report.bitsPerWeight
      rmse = report.statistics?.rmse
      maxError = report.statistics?.maximumError
    }

    enum CodingKeys: String, CodingKey {
      case name, from, to, shape, bytes, rmse
      case bitsPerWeight = "bits_per_weight"
      case maxError = "max_error"
    }
  }

  private struct Result: Encodable {
    let tensors: [TensorResult]
    let totals: Totals
  }
}

/// `PATTERN=TYPE`, or `PATTERN` alone.
struct KeepRule: ExpressibleByArgument {
  let rule: GGUFQuantizer.Rule

  init?(argument: String) {
    guard let equals = argument.lastIndex(of: "=") else {
      rule = GGUFQuantizer.Rule(pattern: argument, type: nil)
      return
    }
    guard let type = TensorType(argument: String(argument[argument.index(after: equals)...])) else {
      return nil
    }
    rule = GGUFQuantizer.Rule(pattern: String(argument[..<equals]), type: type)
  }
}

extension TensorType: ExpressibleByArgument {
  public init?(argument: String) {
    self.init(name: argument)
    if !canEncode { return nil }
  }

  public static var allValueStrings: [String] { allCases.filter(\.canEncode).map(\.name) }
}
