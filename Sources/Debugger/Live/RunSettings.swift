import Basics
import Inference
import Recording
import TraceStore

/// What `set` changes from one pass to the next.
enum RunSetting: String, CaseIterable {
  case strategy
  case tileRows = "tile-rows"
  case kvType = "kv-type"
  case memoryBudget = "memory-budget"

  static let expected = "strategy, tile-rows, kv-type or memory-budget"

  /// What it can be, where that can be listed.
  var values: [String] {
    switch self {
    case .strategy: StrategyName.allCases.map(\.rawValue)
    case .tileRows: []
    case .kvType: KVType.allCases.map(\.rawValue)
    case .memoryBudget: ["none"]
    }
  }

  /// The setting that a word means: the only one whose name begins so.
  static func named(_ word: String) -> RunSetting? {
    let matches = allCases.filter { !word.isEmpty && $0.rawValue.hasPrefix(word) }
    return matches.count == 1 ? matches[0] : nil
  }
}

extension DebuggerSession {
  /// Does `set`.
  func changeSetting(_ arguments: String) throws {
    let live = try liveRun(for: "set")
    let (word, value) = Self.split(arguments)
    guard let setting = RunSetting.named(word) else {
      throw DebuggerError.badArgument(
        command: "set", found: word, expected: RunSetting.expected + ", and a value")
    }
    func wrong(_ expected: String) -> DebuggerError {
      .badArgument(command: "set \(setting.rawValue)", found: value, expected: expected)
    }
    var settings = live.settings
    switch setting {
    case .strategy:
      guard let strategy = StrategyName(rawValue: value) else {
        throw wrong("one of " + setting.values.joined(separator: ", "))
      }
      settings.strategy = strategy
    case .tileRows:
      let allowed = EngineOptions.tileRowsAllowed
      guard let rows = Int(value), allowed.contains(rows) else {
        throw wrong("a number from \(allowed.lowerBound) to \(allowed.upperBound)")
      }
      settings.tileRows = rows
    case .kvType:
      guard let type = KVType(rawValue: value) else {
        throw wrong("one of " + setting.values.joined(separator: ", "))
      }
      settings.kvType = type
    case .memoryBudget:
      let budget = parseBytes(value)
      guard budget != nil || value == "none" else {
        throw wrong("a size such as 96MiB or 1.5 GiB, or none")
      }
      try live.change(memoryBudget: budget)
    }
    try live.change(to: settings)
    try showSettings()
  }

  /// Does `show` and `info settings`: how passes are run, the one here and, in a live session, the
  /// next.
  func showSettings(_ word: String = "") throws {
    guard word.isEmpty || RunSetting.named(word) != nil else {
      throw DebuggerError.badArgument(
        command: "show", found: word, expected: RunSetting.expected + ", or nothing")
    }
    let pass = try trace.pass(at: cursor.step)
    let here: [RunSetting: String?] = [
      .strategy: pass?.strategy ?? meta["strategy"],
      .tileRows: pass.map { $0.tileRows.map(String.init) } ?? meta["tile_rows"],
      .kvType: pass?.kvType ?? meta["kv_type"],
      .memoryBudget: Self.budget(
        live.map { $0.memoryBudget(at: cursor.step) } ?? meta["memory_budget"].flatMap { Int($0) }),
    ]
    let next = live?.settings
    var columns: [Table.Column] = [("setting", .left), ("here", .left)]
    if next != nil { columns.append(("next pass", .left)) }
    var table = Table(columns)
    for setting in RunSetting.allCases where RunSetting.named(word).map({ $0 == setting }) ?? true {
      let value = next.map { next in
        switch setting {
        case .strategy: next.strategy.rawValue
        case .tileRows: String(next.tileRows)
        case .kvType: next.kvType.rawValue
        case .memoryBudget: Self.budget(live?.memoryBudget)
        }
      }
      table.add([setting.rawValue, (here[setting] ?? nil) ?? ""] + [value].compactMap { $0 })
    }
    show(table.lines(style: style))
    if let next, let live, live.position > 0, next.kvType.rawValue != live.cacheType.rawValue {
      show(
        wrapped(
          "The KV cache is kept as \(live.cacheType.rawValue) now; the next pass fills it again, with"
            + " the \(live.position) tokens so far.", to: style.width))
    }
  }

  private static func budget(_ bytes: Int?) -> String { bytes.map { formatBytes($0) } ?? "none" }
}
