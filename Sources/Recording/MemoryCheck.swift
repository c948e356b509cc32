import Events
import Foundation
import Inference
import ModelFiles
import Tokenization

/// The memory ledger's peak beside the system's, of one run in a process of its own.
///
/// The system's figure is the process's high-water mark from the moment before the weights are
/// opened, less what was in memory at that moment. So it holds what the engine takes and not the
/// program, the runtime or the tokenizer, which were there before; and nothing is recorded, so no
/// database is in it. What the ledger does not count but the engine's run brings with it (code
/// that is called for the first time, stacks, copies of logits) is what the tolerance is for.
public struct MemoryCheck: Codable, Equatable, Sendable {
  /// Bytes of mapped weights, as the ledger counts them: in full.
  public let ledgerMapped: Int
  /// Bytes of all else that was alive at the ledger's peak.
  public let ledgerAllocated: Int
  /// Bytes of the mapped weights that were in memory when the run ended.
  public let systemMapped: Int
  /// The system's high-water mark less ``systemMapped`` and what was there before.
  public let systemAllocated: Int

  public init(
    ledgerMapped: Int, ledgerAllocated: Int, systemMapped: Int, systemAllocated: Int
  ) {
    self.ledgerMapped = ledgerMapped
    self.ledgerAllocated = ledgerAllocated
    self.systemMapped = systemMapped
    self.systemAllocated = systemAllocated
  }

  /// Bytes of the ledger's peak.
  public var ledgerPeak: Int { ledgerMapped + ledgerAllocated }
  /// Bytes of the system's peak.
  public var systemPeak: Int { systemMapped + systemAllocated }

  /// Bytes that the system had in memory beyond those that the ledger accounts for; negative where
  /// it had fewer. Mapped weights that nobody read are not missed: the system loads them when they
  /// are.
  public var difference: Int {
    systemAllocated - ledgerAllocated + max(systemMapped - ledgerMapped, 0)
  }

  /// The largest ``difference`` of two figures that agree: 5 % of the ledger's peak, or 8 MiB.
  public var tolerance: Int { max(ledgerPeak / 20, 8 << 20) }
  public var agrees: Bool { abs(difference) <= tolerance }

  /// Whether this system tells what the check needs to know.
  public static var isAvailable: Bool {
    #if os(Linux)
      true
    #else
      false
    #endif
  }

  /// Runs what `options` say in this process, and measures it. Nothing is recorded.
  ///
  /// - Precondition: the process has run no model before.
  /// - Throws: `RecordingError`, `GGUFError`, `InferenceError`, `TokenizerError`.
  public init(measuring options: RecordingOptions) throws {
    let file = try ModelFile(path: ModelCatalogue.path(of: options.model))
    let tokenizer = try Tokenizer(metadata: file.metadata)
    let prompts = try options.promptOfEach().map { tokenizer.encode($0) }
    try ProcessMemory.resetPeak()
    let before = try ProcessMemory.resident() - Self.mapped(file)

    let model = try Model(file: file)
    let engine = try Engine(model: model, options: options.engine, observer: NoObserver())
    _ = try engine.generate(
      prompts: prompts, count: options.count, ubatch: options.ubatch,
      isEnd: tokenizer.isEndOfGeneration
    ) { _, _ in }

    systemMapped = try Self.mapped(file)
    systemAllocated = try ProcessMemory.peak() - before - systemMapped
    ledgerMapped = engine.mappedBytes
    ledgerAllocated = engine.ledger.peak.total - ledgerMapped
  }

  private static func mapped(_ file: ModelFile) throws -> Int {
    guard let bytes = file.residentTensorBytes else {
      throw RecordingError.noMemoryFigures(reason: "/proc/self/pagemap cannot be read")
    }
    return bytes
  }

  /// Starts `program`, waits for its end, and reads the check that it printed as JSON, which
  /// ``init(measuring:)`` made there. Its messages go where this process's go.
  ///
  /// - Throws: `RecordingError.noMemoryFigures`.
  public init(ofProcess program: String, arguments: [String]) throws {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = output
    let printed: Data?
    do {
      try process.run()
      printed = try output.fileHandleForReading.readToEnd()
    } catch {
      throw RecordingError.noMemoryFigures(
        reason: "\(program) cannot be started (\(error.localizedDescription))")
    }
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0,
      let check = try? JSONDecoder().decode(MemoryCheck.self, from: printed ?? Data())
    else {
      throw RecordingError.noMemoryFigures(
        reason: "the process that was to measure it ended with \(process.terminationStatus)")
    }
    self = check
  }
}
