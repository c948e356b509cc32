import Inference
import Recording
import TraceStore

/// What `set` changes from one pass to the next.
enum RunSetting: String, CaseIterable {
  case strategy
  case tileRows = "tile-rows"
  case kvType = "kv-type"

  /// What it can be, where that can be listed.
  var values: [String] {
    switch self {
    case .strategy: StrategyName.allCases.map(\.rawValue)
    case .tileRows: []
    case .kvType: KVType.allCases.map(\.rawValue)
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
        command: "set", found: word, expected: "strategy, tile-rows or kv-type, and a value")
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
      guard let rows = Int(value), rows > 0 else { throw wrong("a number from 1 up") }
      settings.tileRows = rows
    case .kvType:
      guard let type = KVType(rawValue: value) else {
        throw wrong("one of " + setting.values.joined(separator: ", "))
      }
      settings.kvType = type
    }
    try live.change(to: settings)
    try showSettings()
  }

  /// Does `show` and `info settings`: how passes are run, the one here and, in a live session, the
  /// next.
  func showSettings(_ word: String = "") throws {
    guard word.isEmpty || RunSetting.named(word) != nil else {
      throw DebuggerError.badArgument(
        command: "show", found: word, expected: "strategy, tile-rows or kv-type, or nothing")
    }
    let pass = try trace.pass(at: cursor.step)
    let here: [RunSetting: String?] = [
      .strategy: pass?.strategy ?? meta["strategy"],
      .tileRows: pass?.tileRows.map(String.init) ?? meta["tile_rows"],
      .kvType: pass?.kvType ?? meta["kv_type"],
    ]
    let next = live?.settings
    var table = TextTable([("setting", .left), ("here", .left)])
    if next != nil { table.insert(("next pass", .left), at: 2) }
    for setting in RunSetting.allCases where RunSetting.named(word).map({ $0 == setting }) ?? true {
      let value = next.map { next in
        switch setting {
        case .strategy: next.strategy.rawValue
        case .tileRows: String(next.tileRows)
        case .kvType: next.kvType.rawValue
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
}
